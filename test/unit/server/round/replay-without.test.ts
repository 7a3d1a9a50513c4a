import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Spool, type Spool as SpoolType } from '@panal/server'
import { replayWithout } from '../../../../server/src/round/replay-without.ts'
import { RoundsBench, type Device } from '../../../fixtures/rounds.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

let bench: RoundsBench
let devices: Device[]
let spool: SpoolType

const { strategy, cohort } = digitsLike()

/** A closed round of three means, one of which points the other way. */
beforeEach(async () => {
  bench = await RoundsBench.open({
    rounds: { minIntervalMs: 1_000 },
    cohort: { ...cohort, size: 3, reportingGoal: 3, overSelection: 1, minimum: 2 },
    strategy: { ...strategy, weight: 'uniform', serverOptimizer: { name: 'sgd', learningRate: 1 } },
  })
  spool = new Spool(join(bench.folder, 'uploads'))
  const opened = bench.until((round) => round.phase === 'collecting')
  devices = ['a', 'b', 'c'].map((name) => bench.join(name))
  await opened
  const closed = bench.closing(1)
  await bench.upload(devices[0]!, [2, 0, 0, 0])
  await bench.upload(devices[1]!, [4, 0, 0, 0])
  await bench.upload(devices[2]!, [-9, 4, 0, 0])
  await closed
})
afterEach(() => bench.remove())

const replay = (...without: readonly Device[]) =>
  replayWithout(
    bench.task,
    1,
    without.map(({ join: { deviceId } }) => deviceId),
    { registry: bench.registry, log: bench.log, spool, clock: bench.clock },
  )

describe('a replay without some devices', () => {
  it('is what the round would have come to, and says how far that is from what it came to', async () => {
    const found = await replay(devices[2]!)
    if (found.verdict !== 'replayed') throw new Error(found.reason)
    // mean of 2 and 4: (3, 0); of all three (−1, 4/3), of length 5/3. Their difference is (4, −4/3).
    expect([...found.candidate.params]).toEqual([3, 0, 0, 0])
    expect(found).toMatchObject({ version: 1, participants: devices.slice(0, 2).map((each) => each.join.deviceId) })
    expect(found.steps!.norm).toBe(3)
    expect(found.steps!.otherNorm).toBeCloseTo(5 / 3, 6)
    expect(found.steps!.distance).toBeCloseTo(Math.hypot(4, 4 / 3), 6)
    expect(found.steps!.cosine).toBeCloseTo(-3 / 5, 6) // −3 / (3 · 5/3)
  })

  it('changes nothing that is kept', async () => {
    const before = bench.registry.versions('digits')
    await replay(devices[0]!)
    expect(bench.registry.versions('digits')).toEqual(before)
  })

  it('without nobody is the round itself', async () => {
    const found = await replay()
    expect(found).toMatchObject({ verdict: 'replayed', steps: { distance: 0 } })
  })

  it('[P26] never averages fewer than every device was promised', async () => {
    expect(await replay(devices[0]!, devices[2]!)).toEqual({
      verdict: 'too-few',
      reason: '1 updates are left; the task averages 2 at least',
    })
  })

  it('names devices that have no part in the round, and those whose updates are lost', async () => {
    const stranger = bench.join('z')
    expect(await replay(stranger)).toMatchObject({
      verdict: 'not-participants',
      devices: [stranger.join.deviceId],
    })
    const { deviceId } = devices[0]!.join
    await rm(spool.update({ taskId: 'digits', roundNumber: 1, deviceId }))
    expect(await replay(devices[2]!)).toMatchObject({ verdict: 'updates-lost', devices: [deviceId] })
    expect(await replay(devices[0]!)).toMatchObject({ verdict: 'replayed' }) // what is left out need not be there
  })
})
