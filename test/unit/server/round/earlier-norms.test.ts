import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { Spool } from '@panal/server'
import { replayRound } from '../../../../server/src/round/replay.ts'
import { RoundsBench, type Device } from '../../../fixtures/rounds.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

let bench: RoundsBench
let devices: Device[]

const joined = (): Device[] => ['a', 'b', 'c'].map((name) => bench.join(name))

beforeEach(async () => {
  const { strategy } = digitsLike()
  bench = await RoundsBench.open(
    {
      rounds: { minIntervalMs: 1_000 },
      strategy: {
        ...strategy,
        checks: [{ name: 'finite' }],
        weight: 'uniform',
        preAggregators: [{ name: 'clip', window: 2 }],
        aggregator: { name: 'mean' },
        serverOptimizer: { name: 'sgd', learningRate: 1 },
      },
    },
    { keptRounds: 5 },
  )
  const opened = opening(1)
  devices = joined()
  await opened
})
afterEach(() => bench.remove())

const opening = (number: number) => bench.until((round) => round.number === number && round.phase === 'collecting')

/** Each device sends so much along one coordinate. */
async function close(number: number, lengths: readonly number[]): Promise<void> {
  const closed = bench.closing(number)
  await Promise.all(devices.map((device, i) => bench.upload(device, [0, lengths[i]!, 0, 0])))
  await closed
}

it('[R19] clip counts norms of the round before, after a restart too, and a replay comes to the same bytes', async () => {
  // 1 2 3: C = 2, so the mean of 1 2 2
  await close(1, [1, 2, 3])
  // 1 2 3 10 20 30: C = 6.5 for all; the round alone would have had 20
  await bench.letTimePass(opening(2))
  await close(2, [10, 20, 30])
  await bench.halt()
  await bench.boot()
  const third = opening(3)
  devices = joined()
  await bench.letTimePass(third)
  // 10 20 30 40 40 40: C = 35 for all; the round alone would have had 40, a window of three 30
  await close(3, [40, 40, 40])
  const steps = [5 / 3, 6.5, 35]
  for (const [i, step] of steps.entries()) {
    const [params, base] = [await bench.registry.params('digits', i + 1), await bench.registry.params('digits', i)]
    expect(params[1]! - base[1]!).toBeCloseTo(step, 4)
  }
  for (const number of [1, 2, 3])
    expect(
      await replayRound(bench.task, number, {
        registry: bench.registry,
        log: bench.log,
        spool: new Spool(join(bench.folder, 'uploads')),
        clock: bench.clock,
      }),
    ).toMatchObject({ verdict: 'same', version: number })
  expect(bench.errors).toEqual([])
})
