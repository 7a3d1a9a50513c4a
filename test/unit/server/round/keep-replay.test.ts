import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { GateReport } from '@panal/client-core'
import { AuditLog, Spool } from '@panal/server'
import { makeKeepReplay } from '../../../../server/src/round/keep-replay.ts'
import type { Identity } from '../../../../server/src/auth/identity.ts'
import { report } from '../../../fixtures/registry-rounds.ts'
import { RoundsBench, type Device } from '../../../fixtures/rounds.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

let bench: RoundsBench
let devices: Device[]
let judged: number[]

const { strategy, cohort } = digitsLike()
const ada = { name: 'ada', role: 'operator' } as Identity
const idOf = ({ join: { deviceId } }: Device) => deviceId
const spool = () => new Spool(join(bench.folder, 'uploads'))

/** A closed round of three means, one of which points the other way. */
beforeEach(async () => {
  judged = []
  bench = await RoundsBench.open({
    rounds: { minIntervalMs: 1_000 },
    cohort: { ...cohort, size: 3, reportingGoal: 3, overSelection: 1, minimum: 2 },
    strategy: { ...strategy, weight: 'uniform', serverOptimizer: { name: 'sgd', learningRate: 1 } },
  })
  const opened = bench.until((round) => round.phase === 'collecting')
  devices = ['a', 'b', 'c'].map((name) => bench.join(name))
  await opened
  await closing(1)
})
afterEach(() => bench.remove())

async function closing(number: number): Promise<void> {
  const closed = bench.closing(number)
  await bench.upload(devices[0]!, [2, 0, 0, 0])
  await bench.upload(devices[1]!, [4, 0, 0, 0])
  await bench.upload(devices[2]!, [-9, 4, 0, 0])
  await closed
}

const keep = (...without: readonly Device[]) =>
  makeKeepReplay({
    registry: bench.registry,
    log: bench.log,
    spool: spool(),
    clock: bench.clock,
    tasks: { get: () => bench.task },
    judgeAgain: {
      start: (taskId, version) => {
        bench.registry.requireHeld(taskId, version)
        judged.push(version)
        return { taskId, version, askedBy: 'ada', startedAt: 0, check: null, numDone: 0, numChecks: 0 }
      },
    },
  })({ taskId: 'digits', roundNumber: 1, without: without.map(idOf), reason: 'it points the other way' }, ada)

const judge = (version: number, changes: Partial<GateReport> = {}) =>
  bench.registry.judgedAgain(report(version, bench.registry.pointers('digits').champion, changes), bench.task, {
    actor: 'ada',
  })

describe('a replay that is kept', () => {
  it('is a version from the round’s base with the others as participants, which the gate is to judge', async () => {
    expect(await keep(devices[2]!)).toBe(2)
    expect(judged).toEqual([2])
    expect(bench.registry.version('digits', 2)).toMatchObject({
      parent: 0,
      roundNumber: null,
      status: 'candidate',
      participants: devices.slice(0, 2).map(idOf),
      replayOf: { roundNumber: 1, without: [idOf(devices[2]!)] },
    })
    expect([...(await bench.registry.params('digits', 2))]).toEqual([3, 0, 0, 0]) // the mean of 2 and 4
    expect(bench.registry.pointers('digits')).toMatchObject({ head: 1, champion: 1 })
    const audit = new AuditLog({ db: bench.db, clock: bench.clock })
    expect(audit.entries({ limit: 1 })).toMatchObject([
      { actor: 'ada', action: 'round-replayed', detail: { round: 1, version: 2, reason: 'it points the other way' } },
    ])
  })

  it('is served and trained from once the gate promotes it, where nothing was built on the round yet', async () => {
    const version = await keep(devices[2]!)
    expect(await judge(version)).toMatchObject({ outcome: 'promoted' })
    expect(bench.registry.pointers('digits')).toMatchObject({ head: version, champion: version })
    const second = await bench.letTimePass(bench.until((round) => round.number === 2))
    expect(second.baseVersion).toBe(version)
  })

  it('is not trained from where it is not sound, nor where training has gone on', async () => {
    const unsound = await keep(devices[2]!)
    await judge(unsound, { verdict: 'BLOCK', sound: false })
    expect(bench.registry.pointers('digits').head).toBe(1)
    const kept = await keep(devices[1]!)
    await bench.letTimePass(bench.until((round) => round.number === 2 && round.phase === 'collecting'))
    await closing(2)
    const { head } = bench.registry.pointers('digits')
    await judge(kept)
    expect(bench.registry.pointers('digits')).toMatchObject({ head, champion: kept })
  })

  it('is judged without having been held, but once', async () => {
    const version = await keep(devices[2]!)
    await judge(version, { verdict: 'BLOCK' })
    expect(() => bench.registry.requireHeld('digits', version)).toThrow(expect.objectContaining({ code: 'not-held' }))
  })

  it('is refused where it would average too few', async () => {
    await expect(keep(devices[1]!, devices[2]!)).rejects.toMatchObject({ code: 'not-replayable' })
    expect(bench.registry.versions('digits')).toHaveLength(2)
  })
})
