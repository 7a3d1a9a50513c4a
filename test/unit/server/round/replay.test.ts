import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { Spool, type UpdateRecord } from '@panal/server'
import { replayRound, type Replay } from '../../../../server/src/round/replay.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'
import { RoundsBench, type Device } from '../../../fixtures/rounds.ts'

let bench: RoundsBench
let devices: Device[]

/** A closed round of three updates. */
beforeEach(async () => {
  bench = await RoundsBench.open({
    rounds: { minIntervalMs: 1_000 },
    strategy: { ...digitsLike().strategy, serverOptimizer: { name: 'sgd', learningRate: 1, momentum: 0.9 } },
  })
  const opened = bench.until((round) => round.phase === 'collecting')
  devices = ['a', 'b', 'c'].map((name) => bench.join(name))
  await opened
  const closed = bench.closing(1)
  await Promise.all(devices.map((device, i) => bench.upload(device, [i, 0.1, 1 / 3, -i], { numExamples: 10 + i })))
  await closed
})
afterEach(async () => {
  jest.restoreAllMocks()
  await bench.remove()
})

const replay = (): Promise<Replay> =>
  replayRound(bench.task, 1, {
    registry: bench.registry,
    log: bench.log,
    spool: new Spool(join(bench.folder, 'uploads')),
    clock: bench.clock,
  })
const fileOf = (device: Device) => join(bench.folder, 'uploads', 'digits', '1', `${device.join.deviceId}.update`)

describe('a replay', () => {
  it('[R19] [I6] comes to the very bytes that the round made: updates, weights and optimizer state', async () => {
    const found = await replay()
    expect(found).toMatchObject({ verdict: 'same', version: 1 })
    const comparisons = 'comparisons' in found ? found.comparisons : []
    expect(comparisons.map(({ what }) => what)).toEqual(['updates', 'weights', 'optimizer'])
    for (const { recorded, replayed } of comparisons) {
      expect(recorded).toMatch(/^[0-9a-f]{64}$/)
      expect(replayed).toBe(recorded)
    }
  })

  it('[R19] [F45] sees a row that was altered: another weight gives another digest and other weights', async () => {
    const rows = bench.log.updatesOf('digits', 1)
    const altered = rows.map((row, i): UpdateRecord => (i === 0 ? { ...row, weight: row.weight + 1 } : row))
    jest.spyOn(bench.log, 'updatesOf').mockReturnValue(altered)
    expect(await replay()).toMatchObject({
      verdict: 'different',
      comparisons: [{ what: 'updates' }, { what: 'weights' }, { what: 'optimizer' }],
    })
  })

  it('[R20] [F45] names the devices whose updates are damaged or gone', async () => {
    const bytes = await readFile(fileOf(devices[2]!))
    bytes[0] = bytes[0]! ^ 0x80
    await writeFile(fileOf(devices[2]!), bytes)
    await rm(fileOf(devices[0]!))
    expect(await replay()).toEqual({
      verdict: 'updates-lost',
      version: 1,
      devices: [devices[0]!.join.deviceId, devices[2]!.join.deviceId],
    })
  })

  it('says why a round has no version, and refuses one that there is not', async () => {
    const opening = bench.until((round) => round.number === 2)
    await bench.letTimePass(opening)
    const spool = new Spool(join(bench.folder, 'uploads'))
    const ports = { registry: bench.registry, log: bench.log, clock: bench.clock, spool }
    expect(await replayRound(bench.task, 2, ports)).toEqual({
      verdict: 'no-version',
      reason: 'the round is still collecting',
    })
    await expect(replayRound(bench.task, 3, ports)).rejects.toMatchObject({ code: 'unknown-round' })
  })
})
