import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { Spool } from '@panal/server'
import type { Identity } from '../../../../server/src/auth/identity.ts'
import { makeKeepReplay } from '../../../../server/src/round/keep-replay.ts'
import { replayRound } from '../../../../server/src/round/replay.ts'
import { blobKinds } from '../../../../server/src/store/blob-rows.ts'
import { query } from '../../../../server/src/store/sync-query.ts'
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
        aggregator: { name: 'centred-clipping', tau: 1, steps: 1 },
        serverOptimizer: { name: 'sgd', learningRate: 1 },
      },
    },
    { keptRounds: 5 },
  )
  const opened = bench.until((round) => round.phase === 'collecting')
  devices = joined()
  await opened
})
afterEach(() => bench.remove())

/** All send the same, far along one coordinate. */
async function close(number: number): Promise<void> {
  const closed = bench.closing(number)
  await Promise.all(devices.map((device) => bench.upload(device, [0, 10, 0, 0])))
  await closed
}
const opening = (number: number) => bench.until((round) => round.number === number && round.phase === 'collecting')

const spool = () => new Spool(join(bench.folder, 'uploads'))
const replay = (number: number) =>
  replayRound(bench.task, number, {
    registry: bench.registry,
    log: bench.log,
    spool: spool(),
    clock: bench.clock,
  })

it('[R19] each round begins where the one that made its base came to, after a restart too, and replays to the same bytes', async () => {
  // Of updates 10 away each round comes 1 nearer: aggregates 1, 2, 3, and params their sums, 1, 3, 6.
  await close(1)
  await bench.letTimePass(opening(2))
  await close(2)
  await bench.halt()
  await bench.boot()
  const third = opening(3)
  devices = joined()
  await bench.letTimePass(third)
  await close(3)
  const aggregates = await Promise.all([0, 1, 2, 3].map((version) => bench.registry.aggregate('digits', version)))
  expect(aggregates.map((each) => each && [...each])).toEqual([null, [0, 1, 0, 0], [0, 2, 0, 0], [0, 3, 0, 0]])
  expect([...(await bench.registry.params('digits', 3))]).toEqual([0, 6, 0, 0])
  for (const number of [1, 2, 3]) {
    const replayed = await replay(number)
    expect(replayed).toMatchObject({ verdict: 'same', version: number })
    const comparisons = 'comparisons' in replayed ? replayed.comparisons : []
    expect(comparisons.at(-1)).toMatchObject({
      what: 'aggregate',
      recorded: bench.registry.version('digits', number).aggregateSha256,
    })
  }
  expect(bench.errors).toEqual([])
})

it('a version that is kept of a replay has what its own updates came to, for the round that goes on from it', async () => {
  await close(1)
  const [, , third] = devices
  const version = await makeKeepReplay({
    registry: bench.registry,
    log: bench.log,
    spool: spool(),
    clock: bench.clock,
    tasks: { get: () => bench.task },
    judgeAgain: {
      start: (taskId, version) => ({
        ...{ taskId, version, askedBy: 'ada', startedAt: 0 },
        ...{ check: null, numDone: 0, numChecks: 0 },
      }),
    },
  })({ taskId: 'digits', roundNumber: 1, without: [third!.join.deviceId], reason: 'it lies' }, {
    name: 'ada',
    role: 'operator',
  } as Identity)
  expect(await bench.registry.aggregate('digits', version)).toEqual(Float32Array.of(0, 1, 0, 0))
  const { aggregateSha256 } = bench.registry.version('digits', version)
  expect(blobKinds(bench.db, aggregateSha256!)).toContain('aggregate') // here of the same bytes as the weights
})

it('[R19] a version of before aggregates were kept replays by what it has, and the next round begins at 0', async () => {
  await close(1)
  bench.db.run(query.updateTable('versions').set({ aggregate_sha256: null }).where('version', '=', 1))
  const replayed = await replay(1)
  expect(replayed).toMatchObject({ verdict: 'same' })
  const comparisons = 'comparisons' in replayed ? replayed.comparisons : []
  expect(comparisons.map(({ what }) => what)).toEqual(['updates', 'weights', 'optimizer'])
  await bench.letTimePass(opening(2))
  await close(2)
  expect(await bench.registry.aggregate('digits', 2)).toEqual(Float32Array.of(0, 1, 0, 0))
  expect(await replay(2)).toMatchObject({ verdict: 'same', version: 2 })
})
