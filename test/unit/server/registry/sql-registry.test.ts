import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { makeLayout, type Calibrator, type GateReport } from '@panal/client-core'
import { ledgerOf } from '../../../../server/src/registry/look-rows.ts'
import { SqlUpdateLog } from '../../../../server/src/registry/updates.ts'
import { blobKinds, isPublicBlob } from '../../../../server/src/store/blob-rows.ts'
import { namedBlobs } from '../../../../server/src/store/named-files.ts'
import { pointedBlobs } from '../../../../server/src/store/open-sound.ts'
import { query } from '../../../../server/src/store/sync-query.ts'
import { bytesToParams } from '../../../../server/src/store/params-bytes.ts'
import { advance } from '../../../../server/src/round/state.ts'
import { collected, concluded, pointers, proposed, report, twoParamTask } from '../../../fixtures/registry-rounds.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
const task = twoParamTask()
beforeEach(() => store.registry.createTask(task, Float32Array.of(0, 1), 'ada'))

const code = (expected: string) => expect.objectContaining({ code: expected }) as unknown as Error
const claiming = (accepted: boolean): Pick<GateReport, 'checks'> => ({
  checks: [
    { check: 'floor', verdict: 'PASS', reason: 'High.', rows: [] },
    { check: 'no-regression', verdict: 'PASS', reason: 'Fine.', rows: [], claim: { p: 0.01, level: 0.02, accepted } },
  ],
})
const noState = new Float32Array(0)

describe('createTask', () => {
  it('makes version 0, and head points to it', async () => {
    expect(store.registry.pointers('digits')).toEqual(pointers(0, null, null))
    expect(await store.registry.params('digits', 0)).toEqual(Float32Array.of(0, 1))
    expect(store.registry.version('digits', 0)).toMatchObject({
      parent: null,
      roundNumber: null,
      status: 'initial',
      numBytes: 8,
      participants: [],
      codeVersion: 'test',
      createdAt: 1_000_000,
      evaluation: null,
    })
    expect(store.registry.moves('digits')).toMatchObject([{ pointer: 'head', from: null, to: 0, actor: 'ada' }])
  })

  it('refuses an id that is taken, and leaves what is there', async () => {
    const again = store.registry.createTask(task, Float32Array.of(9, 9), 'eve')
    await expect(again).rejects.toEqual(code('task-exists'))
    expect(await store.registry.params('digits', 0)).toEqual(Float32Array.of(0, 1))
    expect(store.audit.entries().map(({ actor }) => actor)).toEqual(['ada'])
  })

  it('keeps tasks apart', async () => {
    await store.registry.createTask(twoParamTask('credit'), Float32Array.of(5, 5), 'ada')
    await concluded(store)
    expect(store.registry.pointers('credit')).toEqual(pointers(0, null, null))
    expect(() => store.registry.pointers('other')).toThrow(code('unknown-task'))
    expect(() => store.registry.version('credit', 1)).toThrow(code('unknown-version'))
  })
})

describe('propose', () => {
  it('[I4] numbers versions without gaps, whatever becomes of them', async () => {
    for (const verdict of ['PASS', 'BLOCK', 'ERROR', 'PASS'] as const) await concluded(store, { verdict })
    expect(store.registry.versions('digits').map(({ version }) => version)).toEqual([4, 3, 2, 1, 0])
    expect(store.registry.versions('digits', { limit: 2, before: 3 }).map(({ version }) => version)).toEqual([2, 1])
  })

  it('keeps the whole lineage with the weights', async () => {
    const round = await proposed(store, Float32Array.of(3, -4))
    expect(round).toMatchObject({ phase: 'gating', candidateVersion: 1, aggregatedAt: 1_000_000 })
    // d_b's update was recorded first, with weight 1; the digest takes them in the order of the participants.
    const parts = JSON.stringify([
      ['2'.repeat(64), 2],
      ['1'.repeat(64), 1],
    ])
    expect(store.registry.version('digits', 1)).toEqual({
      taskId: 'digits',
      version: 1,
      parent: 0,
      roundNumber: 1,
      status: 'candidate',
      weightsSha256: createHash('sha256')
        .update(Buffer.from(Float32Array.of(3, -4).buffer))
        .digest('hex'),
      numBytes: 8,
      optimizerSha256: null,
      aggregateSha256: null,
      participants: ['d_a', 'd_b'],
      planHash: 'b'.repeat(64),
      codeVersion: 'test',
      dataDigest: createHash('sha256').update(parts).digest('hex'),
      createdAt: 1_000_000,
      evaluation: null,
      calibrator: null,
      servedSha256: null,
      replayOf: null,
    })
    expect(await store.registry.params('digits', 1)).toEqual(Float32Array.of(3, -4))
  })

  it('gives the same version when the round is taken up again after a crash', async () => {
    const round = collected(store)
    const first = await store.registry.propose(round, { params: Float32Array.of(1, 1), optimizerState: noState }, {})
    await store.reopen()
    const again = await store.registry.propose(round, { params: Float32Array.of(1, 1), optimizerState: noState }, {})
    expect(again).toEqual(first)
    expect(store.registry.versions('digits')).toHaveLength(2)
    expect(store.registry.openRounds('digits')).toEqual([first])
  })

  it('refuses a candidate made of an update that is not in the log', async () => {
    const round = { ...collected(store), participants: ['d_a', 'd_stranger'] }
    const candidate = { params: Float32Array.of(1, 1), optimizerState: noState }
    await expect(store.registry.propose(round, candidate, {})).rejects.toMatchObject({ code: 'damaged-update' })
    expect(store.registry.versions('digits')).toHaveLength(1)
    expect(store.registry.openRounds('digits')).toMatchObject([{ phase: 'aggregating' }])
  })

  it('keeps the server optimizer’s state beside the weights; without one it is what `init` gives', async () => {
    const optimizerState = Float32Array.of(7, 8, 9)
    await store.registry.propose(collected(store), { params: Float32Array.of(1, 2), optimizerState }, {})
    expect(await store.registry.optimizerState(task, 1)).toEqual(optimizerState)
    const init = task.strategy.optimizer.init(2)
    expect(await store.registry.optimizerState(task, 0)).toEqual(init)
  })

  it('keeps what the updates came to where the next round goes on from it, through a restart; nobody may download it', async () => {
    const aggregate = Float32Array.of(0.5, -0.25)
    const candidate = { params: Float32Array.of(1, 2), optimizerState: noState, aggregate }
    await store.registry.propose(collected(store), candidate, {})
    await store.reopen()
    expect(await store.registry.aggregate('digits', 1)).toEqual(aggregate)
    expect(await store.registry.aggregate('digits', 0)).toBeNull()
    const { aggregateSha256 } = store.registry.version('digits', 1)
    expect(blobKinds(store.db, aggregateSha256!)).toEqual(['aggregate'])
    expect(isPublicBlob(store.db, aggregateSha256!)).toBe(false)
    expect(namedBlobs(store.db)).toContain(aggregateSha256)
  })

  it('has norms of what its versions were made of, along the line of their parents, each by its staleness', async () => {
    const { registry } = store
    const norms = (version: number, numRounds: number) => registry.earlierNorms(task, version, numRounds)
    // each round has two updates of norm 0.5
    await concluded(store)
    await concluded(store, { sound: false, verdict: 'BLOCK' }) // version 2: the head stays
    await concluded(store) // version 3, from version 1
    const found = await Promise.all([norms(0, 9), norms(1, 9), norms(3, 1)])
    expect(found.map(({ length }) => length)).toEqual([0, 2, 2])
    store.db.run(query.updateTable('updates').set({ norm: 0.25 }).where('round_number', '=', 3))
    store.db.run(query.updateTable('updates').set({ norm: 9 }).where('round_number', '=', 2))
    expect(await norms(3, 9)).toEqual([0.25, 0.25, 0.5, 0.5])
    // one round late, where staleness counts 1 / √2 (polynomial, a = 0.5)
    store.db.run(query.deleteFrom('updates').where('round_number', '=', 2))
    const late = query.updateTable('updates').set({ round_number: 2, counted_round: 3 })
    store.db.run(late.where('round_number', '=', 3).where('device_id', '=', 'd_a'))
    expect(await norms(3, 1)).toEqual([0.25 * 2 ** -0.5, 0.25])
    store.db.run(query.deleteFrom('updates').where('device_id', '=', 'd_b').where('round_number', '=', 3))
    expect(await norms(3, 1)).toEqual([0.25 * 2 ** -0.5]) // a row that is lost stops no round to come
  })

  it('adds what the round knows of itself to its summary', async () => {
    const candidate = { params: Float32Array.of(1, 2), optimizerState: noState }
    await store.registry.propose(collected(store), candidate, { bytesUp: 16, trainMs: 2.5 })
    expect(store.registry.roundSummary('digits', 1)).toMatchObject({
      phase: 'gating',
      candidateVersion: 1,
      bytesUp: 16,
      trainMs: 2.5,
      numAccepted: 2,
    })
  })
})

describe('conclude', () => {
  it.each<[GateReport['verdict'], boolean, string, string, (number | null)[]]>([
    // verdict, sound, outcome of the round, status of the version, [head, champion, anchor]
    ['PASS', true, 'promoted', 'promoted', [1, 1, 1]],
    ['WARN', true, 'promoted', 'promoted', [1, 1, 1]],
    ['NOT_ENOUGH_DATA', true, 'held', 'held', [1, null, null]],
    ['ERROR', true, 'held', 'held', [1, null, null]],
    ['NO_CHANGE', true, 'held', 'held', [1, null, null]],
    ['BLOCK', true, 'rejected', 'rejected', [1, null, null]],
    ['BLOCK', false, 'rejected', 'unsound', [0, null, null]],
    // Nobody knows whether it is sound: it waits, as what has not been judged does.
    ['ERROR', false, 'held', 'candidate', [0, null, null]],
    ['PASS', false, 'rejected', 'unsound', [0, null, null]],
  ])('%s, sound: %s → round %s, version %s', async (verdict, sound, outcome, status, moved) => {
    const closed = await concluded(store, { verdict, sound, reason: 'because' })
    expect(closed).toMatchObject({ phase: 'closed', outcome, reason: 'because', candidateVersion: 1 })
    expect(store.registry.version('digits', 1)).toMatchObject({ status, evaluation: { verdict, sound } })
    expect(Object.values(store.registry.pointers('digits'))).toEqual(moved)
    expect(store.registry.openRounds('digits')).toEqual([])
    expect(store.registry.roundSummary('digits', 1)).toMatchObject({
      phase: 'closed',
      outcome,
      reason: 'because',
      accuracy: 0.9,
      logLoss: 0.3,
      gateMs: 12,
    })
  })

  it('[I9] leaves an audit row and a pointer move with the gate’s reason', async () => {
    await concluded(store, { reason: 'better than 4 of 5' })
    expect(store.audit.entries({ limit: 1 })).toMatchObject([
      { actor: 'gate', action: 'gated', detail: { version: 1, verdict: 'PASS', outcome: 'promoted' } },
    ])
    const [anchor, champion, head] = store.registry.moves('digits')
    for (const [move, pointer] of [
      [head, 'head'],
      [champion, 'champion'],
      [anchor, 'anchor'],
    ] as const)
      expect(move).toMatchObject({ pointer, to: 1, actor: 'gate', reason: 'better than 4 of 5' })
  })

  it('sets the anchor to the first champion and leaves it there', async () => {
    await concluded(store)
    await concluded(store)
    expect(store.registry.pointers('digits')).toEqual(pointers(2, 2, 1))
  })

  it('moves the anchor to a promoted model whose claim to be better than this anchor was accepted, and to no other', async () => {
    await concluded(store)
    await concluded(store, { anchor: 1, ...claiming(false) })
    await concluded(store, { anchor: 1, ...claiming(true), verdict: 'BLOCK' })
    // Compared with another anchor than there is.
    await concluded(store, { anchor: null, ...claiming(true) })
    expect(store.registry.pointers('digits')).toEqual(pointers(4, 4, 1))
    await concluded(store, { anchor: 1, ...claiming(true) })
    expect(store.registry.pointers('digits')).toEqual(pointers(5, 5, 5))
    expect(store.registry.moves('digits')[0]).toMatchObject({ pointer: 'anchor', from: 1, to: 5, actor: 'gate' })
  })

  it('counts every judgement as a look at the gate set, once, whatever came of it', async () => {
    await concluded(store)
    await concluded(store, { verdict: 'BLOCK', ...claiming(true) })
    const round = await proposed(store)
    for (let i = 0; i < 2; i++) await store.registry.conclude(round, report(3, 1, claiming(false)), twoParamTask())
    await concluded(store, { datasetDigests: { evaluation: '1'.repeat(64), gate: '9'.repeat(64) } })
    const looks = store.registry.looks('3'.repeat(64))
    expect(looks.map(({ version, claim }) => [version, claim])).toEqual([
      [1, null],
      [2, true],
      [3, false],
    ])
    expect(looks[0]).toMatchObject({ taskId: 'digits', at: 1_000_000 })
    expect(ledgerOf(looks)).toEqual({ numLooks: 3, claims: [true, false] })
    expect(store.registry.looks('9'.repeat(64))).toHaveLength(1)
  })

  it('does not promote on a comparison with a champion that an admin has replaced meanwhile', async () => {
    await concluded(store)
    await concluded(store)
    const round = await proposed(store)
    await store.registry.rollBack({ taskId: 'digits', actor: 'ada', reason: 'complaints' })
    const closed = await store.registry.conclude(round, report(3, 2), twoParamTask())
    expect(closed).toMatchObject({ outcome: 'held' })
    expect(store.registry.pointers('digits')).toEqual(pointers(3, 1, 1))
  })

  it('says the same again when it is repeated after a crash', async () => {
    const round = await proposed(store)
    const closed = await store.registry.conclude(round, report(1, null), twoParamTask())
    await store.reopen()
    expect(await store.registry.conclude(round, report(1, null, { verdict: 'BLOCK' }), twoParamTask())).toEqual(closed)
    expect(store.registry.pointers('digits').champion).toBe(1)
    expect(store.audit.entries().filter(({ action }) => action === 'gated')).toHaveLength(1)
  })

  it('takes a report without metrics: a model that could not be run', async () => {
    await concluded(store, { verdict: 'BLOCK', sound: false, evaluation: null, gate: null })
    expect(store.registry.roundSummary('digits', 1)).not.toHaveProperty('accuracy')
    expect(store.registry.version('digits', 1).evaluation).toMatchObject({ evaluation: null })
  })
})

describe('what is served of a version', () => {
  const temperature: Calibrator = { method: 'temperature', temperature: 2 }
  const curve: Calibrator = { method: 'isotonic', curves: [{ x: [0, 1], y: [0.2, 0.8] }] }
  /** One input, two classes: two weights and two biases. */
  const model = {
    topology: {
      class_name: 'Sequential',
      config: {
        name: 's',
        layers: [{ class_name: 'Dense', config: { name: 'out', units: 2, activation: 'softmax' } }],
      },
    },
    layout: makeLayout([
      { name: 'out/kernel', shape: [1, 2] },
      { name: 'out/bias', shape: [2] },
    ]),
  }
  const raw = Float32Array.of(4, -2, 1, 0)
  const judge = async (calibrator: Calibrator, changes: Partial<GateReport> = {}) => {
    const round = await proposed(store, raw)
    const checks = [{ check: 'calibration', verdict: 'PASS', reason: 'Fine.', rows: [], calibrator } as const]
    await store.registry.conclude(round, report(1, null, { checks, ...changes }), model)
    return store.registry.version('digits', 1)
  }
  const catalogued = (sha256: string) => blobKinds(store.db, sha256)

  it('has the calibrator in weights of their own, which anybody may read; training goes on from the raw ones', async () => {
    const { calibrator, servedSha256, weightsSha256, status } = await judge(temperature)
    expect([status, calibrator]).toEqual(['promoted', temperature])
    expect(bytesToParams(await store.blobs.read(servedSha256!))).toEqual(Float32Array.of(2, -1, 0.5, 0))
    expect(catalogued(servedSha256!)).toEqual(['weights'])
    expect(servedSha256).not.toBe(weightsSha256)
    expect(await store.registry.params('digits', 1)).toEqual(raw)
  })
  it('is verified at each start, kept by a backup, and no orphan', async () => {
    const { servedSha256, weightsSha256 } = await judge(temperature)
    expect(pointedBlobs(store.db)).toEqual(expect.arrayContaining([servedSha256, weightsSha256]))
    expect(namedBlobs(store.db)).toContain(servedSha256)
  })
  it('is left to whoever loads it where weights cannot hold it', async () => {
    expect(await judge(curve)).toMatchObject({ calibrator: curve, servedSha256: null })
  })
  it('is the weights themselves where nothing could be fitted, or the model is broken', async () => {
    expect(await judge({ method: 'identity' })).toMatchObject({
      calibrator: { method: 'identity' },
      servedSha256: null,
      replayOf: null,
    })
    const round = await proposed(store, raw)
    const checks = [
      { check: 'calibration', verdict: 'PASS', reason: 'Fine.', rows: [], calibrator: temperature } as const,
    ]
    await store.registry.conclude(round, report(2, 1, { checks, sound: false, verdict: 'BLOCK' }), model)
    expect(store.registry.version('digits', 2)).toMatchObject({ status: 'unsound', servedSha256: null })
  })
})

describe('promote and rollBack', () => {
  const ask = { taskId: 'digits', actor: 'ada', reason: 'looks right' }

  it('[I9] move the champion by a person’s decision, audited, and nothing else', async () => {
    await concluded(store, { verdict: 'BLOCK' })
    await expect(store.registry.promote({ ...ask, version: 1 })).rejects.toEqual(code('gate-rejected'))
    expect(store.registry.pointers('digits').champion).toBeNull()
    expect(await store.registry.promote({ ...ask, version: 1, againstGate: true })).toEqual(pointers(1, 1, null))
    expect(store.audit.entries({ limit: 1 })).toMatchObject([
      {
        actor: 'ada',
        action: 'promoted',
        detail: { version: 1, status: 'rejected', previous: null, reason: 'looks right' },
      },
    ])
    expect(store.registry.version('digits', 1).status).toBe('rejected')
  })

  it('refuse what failed the integrity checks, what was not judged, what is not there, and no reason', async () => {
    await concluded(store, { verdict: 'BLOCK', sound: false })
    await proposed(store)
    await expect(store.registry.promote({ ...ask, version: 1 })).rejects.toEqual(code('not-promotable'))
    await expect(store.registry.promote({ ...ask, version: 2 })).rejects.toEqual(code('not-promotable'))
    await expect(store.registry.promote({ ...ask, version: 3 })).rejects.toEqual(code('unknown-version'))
    await expect(store.registry.promote({ ...ask, version: 0, reason: ' ' })).rejects.toEqual(code('bad-request'))
    await expect(store.registry.rollBack(ask)).rejects.toEqual(code('nothing-to-roll-back'))
    expect(store.registry.pointers('digits')).toEqual(pointers(0, null, null))
  })

  it('go back step by step to the champion before, and end at the first', async () => {
    for (let i = 0; i < 3; i++) await concluded(store)
    expect((await store.registry.rollBack(ask)).champion).toBe(2)
    expect((await store.registry.rollBack(ask)).champion).toBe(1)
    await expect(store.registry.rollBack(ask)).rejects.toEqual(code('nothing-to-roll-back'))
    // A new champion after a roll back stands on the one that it followed.
    await concluded(store)
    expect((await store.registry.rollBack(ask)).champion).toBe(1)
  })

  it('go back to a given earlier champion, and to nothing that never was one', async () => {
    await concluded(store)
    await concluded(store, { verdict: 'BLOCK' })
    await concluded(store)
    await concluded(store)
    await expect(store.registry.rollBack({ ...ask, version: 2 })).rejects.toEqual(code('nothing-to-roll-back'))
    await expect(store.registry.rollBack({ ...ask, version: 4 })).rejects.toEqual(code('nothing-to-roll-back'))
    expect((await store.registry.rollBack({ ...ask, version: 1 })).champion).toBe(1)
    await store.reopen()
    expect(store.registry.pointers('digits')).toEqual(pointers(4, 1, 1))
    expect(store.registry.moves('digits')[0]).toMatchObject({ pointer: 'champion', from: 4, to: 1, actor: 'ada' })
  })

  it('take an anchor back that is forgotten with its champions, and leave an earlier one', async () => {
    await concluded(store)
    await concluded(store)
    await concluded(store, { anchor: 1, ...claiming(true) })
    await concluded(store)
    expect(await store.registry.rollBack({ ...ask, version: 3 })).toEqual(pointers(4, 3, 3))
    expect(await store.registry.rollBack(ask)).toEqual(pointers(4, 2, 1))
    expect(await store.registry.rollBack(ask)).toEqual(pointers(4, 1, 1))
    await store.reopen()
    expect(store.registry.moves('digits').filter(({ pointer }) => pointer === 'anchor')).toMatchObject([
      { from: 3, to: 1, actor: 'ada', reason: ask.reason },
      { from: 1, to: 3, actor: 'gate' },
      { from: null, to: 1, actor: 'gate' },
    ])
  })

  it('go back to a champion by hand: it is the anchor when the only one is forgotten', async () => {
    await concluded(store, { verdict: 'BLOCK' })
    await store.registry.promote({ ...ask, version: 1, againstGate: true })
    await concluded(store)
    expect(store.registry.pointers('digits')).toEqual(pointers(2, 2, 2))
    expect(await store.registry.rollBack(ask)).toEqual(pointers(2, 1, 1))
  })

  it('take the anchor along when a second person approves what the gate found better than it', async () => {
    await concluded(store)
    await concluded(store, { verdict: 'NOT_ENOUGH_DATA' })
    const better = report(2, 1, { anchor: 1, ...claiming(true) })
    const waiting = await store.registry.judgedAgain(better, twoParamTask(), { actor: 'ada', ask: () => undefined })
    expect(waiting.outcome).toBe('waiting')
    expect(store.registry.pointers('digits')).toEqual(pointers(2, 1, 1))
    expect(await store.registry.promote({ ...ask, version: 2 })).toEqual(pointers(2, 2, 2))
  })

  it('leave the anchor where the gate compared with another champion, or another anchor', async () => {
    await concluded(store)
    await concluded(store, { verdict: 'NOT_ENOUGH_DATA' })
    await concluded(store, { verdict: 'NOT_ENOUGH_DATA' })
    for (const [version, champion, anchor] of [
      [2, 0, 1],
      [3, 1, 0],
    ] as const) {
      const better = report(version, champion, { anchor, ...claiming(true) })
      await store.registry.judgedAgain(better, twoParamTask(), { actor: 'ada', ask: () => undefined })
      expect((await store.registry.promote({ ...ask, version })).anchor).toBe(1)
      await store.registry.rollBack(ask)
    }
  })

  it('note nothing when the champion is there already', async () => {
    await concluded(store)
    const before = store.audit.head()
    expect((await store.registry.promote({ ...ask, version: 1 })).champion).toBe(1)
    expect(store.audit.head()).toEqual(before)
  })
})

describe('rounds', () => {
  it('are kept as they stand, over a restart', async () => {
    const round = collected(store)
    await store.reopen()
    expect(store.registry.openRounds('digits')).toEqual([round])
    expect(store.registry.lastRoundNumber('digits')).toBe(1)
    const closed = advance(round, { type: 'abandoned', reason: 'stopped', at: 5 })
    const summary = store.registry.roundSummary('digits', 1)!
    store.registry.saveRound(closed, { ...summary, phase: 'closed', outcome: 'abandoned' })
    expect(store.registry.openRounds('digits')).toEqual([])
    expect(store.registry.roundSummary('digits', 1)).toMatchObject({ phase: 'closed', outcome: 'abandoned' })
  })

  it('are listed newest first, page by page', async () => {
    for (let i = 0; i < 4; i++) await concluded(store)
    const numbers = (options?: { limit?: number; before?: number }) =>
      store.registry.roundSummaries('digits', options).map(({ number }) => number)
    expect(numbers()).toEqual([4, 3, 2, 1])
    expect(numbers({ limit: 2, before: 4 })).toEqual([3, 2])
    expect(store.registry.roundSummary('digits', 5)).toBeUndefined()
    expect(store.registry.lastRoundNumber('none')).toBe(0)
  })
})

it('[I3] a version whose weights were damaged on disk is not given out', async () => {
  await concluded(store)
  const { weightsSha256 } = store.registry.version('digits', 1)
  await writeFile((await store.blobs.find(weightsSha256))!.path, Buffer.alloc(8))
  await expect(store.registry.params('digits', 1)).rejects.toEqual(code('damaged-blob'))
})

it('the update log refuses a second row for the same device and round, and then keeps none of the batch', () => {
  const round = collected(store)
  const log = new SqlUpdateLog(store.db)
  const [known] = log.updatesOf('digits', round.number)
  expect(() => log.recordUpdates([{ ...known!, deviceId: 'd_c' }, known!])).toThrow('UNIQUE')
  expect(log.updatesOf('digits', round.number).map(({ deviceId }) => deviceId)).toEqual(['d_a', 'd_b'])
})
