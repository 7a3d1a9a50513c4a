import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { Spool } from '@panal/server'
import { replayRound } from '../../../../server/src/round/replay.ts'
import { replayWithout } from '../../../../server/src/round/replay-without.ts'
import { RoundsBench, type Device } from '../../../fixtures/rounds.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

let bench: RoundsBench
afterEach(async () => {
  await bench.remove()
  expect(bench.errors).toEqual([])
})

/** The second round of three devices, two updates of which fill it; nothing is left of an update that is a round late. */
async function inRoundTwo(minimum: number): Promise<Record<'a' | 'b' | 'slow', Device>> {
  const { strategy } = digitsLike()
  bench = await RoundsBench.open({
    cohort: { size: 3, overSelection: 1, reportingGoal: 2, minimum, deadlineMs: 90_000, maxStaleness: 1 },
    lease: { heartbeatMs: 2_000, leaseMs: 60_000 },
    rounds: { minIntervalMs: 1_000 },
    strategy: { ...strategy, stalenessWeight: { name: 'threshold', until: 0 } },
  })
  const opened = bench.until((round) => round.phase === 'collecting')
  const devices = { a: bench.join('a'), b: bench.join('b'), slow: bench.join('slow') }
  await opened
  beat(devices.slow, 'training')
  const closed = bench.closing(1)
  for (const each of [devices.a, devices.b]) await bench.upload(each, [1, 0, 0, 0])
  beat(devices.a, 'waiting')
  beat(devices.b, 'waiting')
  await closed
  await bench.letTimePass(bench.until((round) => round.number === 2 && round.phase === 'collecting'))
  return devices
}

function beat({ join: { deviceId, conditions } }: Device, phase: 'waiting' | 'training'): void {
  bench.rounds.heartbeat('digits', deviceId, { phase, conditions })
}

const ports = () => ({
  registry: bench.registry,
  log: bench.log,
  spool: new Spool(join(bench.folder, 'uploads')),
  clock: bench.clock,
})

describe('[R25] an update that is too stale to count', () => {
  it('has its receipt and fills the buffer, and is left out of the mean and of what that is divided by', async () => {
    const { a, slow } = await inRoundTwo(1)
    const closed = bench.closing(2)
    expect(await bench.upload(slow, [0, 8, 0, 0])).toMatchObject({ roundNumber: 1, countedRound: 2 })
    await bench.upload(a, [0, 4, 0, 0])
    expect(await closed).toMatchObject({ outcome: 'promoted', numAccepted: 2 })
    // 1 and 0 of round 1, and 4 of `a` whole: 2 if `slow` were in what is divided by, 6 if it counted
    expect(await bench.registry.params('digits', 2)).toEqual(Float32Array.of(1, 4, 0, 0))
    expect(await bench.registry.earlierNorms(bench.task, 2, 1)).toEqual([4])
    expect(await replayRound(bench.task, 2, ports())).toMatchObject({ verdict: 'same', version: 2 })
  })

  it('[P26] hides nobody: a round that has fewer others than the task needs is abandoned', async () => {
    const { a, slow } = await inRoundTwo(2)
    const closed = bench.closing(2)
    await bench.upload(slow, [0, 8, 0, 0])
    await bench.upload(a, [0, 4, 0, 0])
    expect(await closed).toMatchObject({
      outcome: 'abandoned',
      reason: '1 of 2 accepted updates are too stale to count; the task needs 2 that do',
    })
    expect(bench.registry.pointers('digits').head).toBe(1)
  })

  it('[P26] hides nobody in a replay without others either', async () => {
    const { a, slow } = await inRoundTwo(1)
    const closed = bench.closing(2)
    await bench.upload(slow, [0, 8, 0, 0])
    await bench.upload(a, [0, 4, 0, 0])
    await closed
    expect(await replayWithout(bench.task, 2, [a.join.deviceId], ports())).toEqual({
      verdict: 'too-few',
      reason: '1 of 1 accepted updates are too stale to count; the task needs 1 that do',
    })
  })
})
