import { beforeEach, describe, expect, it } from '@jest/globals'
import { makeLayout, type Calibrator, type GateReport } from '@panal/client-core'
import { ledgerOf } from '../../../../server/src/registry/look-rows.ts'
import { bytesToParams } from '../../../../server/src/store/params-bytes.ts'
import { concluded, pointers, proposed, report, twoParamTask } from '../../../fixtures/registry-rounds.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
const gateSet = '3'.repeat(64)
const held = { verdict: 'NOT_ENOUGH_DATA', reason: 'too few examples' } as const
beforeEach(() => store.registry.createTask(twoParamTask(), Float32Array.of(0, 1), 'ada'))

const again = (version: number, changes: Partial<GateReport> = {}, ask?: (reason: string) => void) =>
  store.registry.judgedAgain(report(version, store.registry.pointers('digits').champion, changes), twoParamTask(), {
    actor: 'ada',
    ...(ask && { ask }),
  })
const code = (expected: string) => expect.objectContaining({ code: expected }) as unknown as Error

describe('a held version judged again', () => {
  it.each<[GateReport['verdict'], boolean, string, string, number | null]>([
    // verdict, sound → outcome, status, champion
    ['PASS', true, 'promoted', 'promoted', 1],
    ['WARN', true, 'promoted', 'promoted', 1],
    ['NOT_ENOUGH_DATA', true, 'held', 'held', null],
    ['NO_CHANGE', true, 'held', 'held', null],
    ['ERROR', true, 'held', 'held', null],
    // Its soundness was found out in its round, and the evaluator may die this time.
    ['ERROR', false, 'held', 'held', null],
    ['BLOCK', true, 'rejected', 'rejected', null],
    ['BLOCK', false, 'rejected', 'unsound', null],
  ])('%s, sound: %s → %s, version %s', async (verdict, sound, outcome, status, champion) => {
    await concluded(store, held)
    expect(await again(1, { verdict, sound, reason: 'because' })).toMatchObject({
      taskId: 'digits',
      version: 1,
      actor: 'ada',
      verdict,
      outcome,
      reason: 'because',
      gateSha256: gateSet,
    })
    expect(store.registry.version('digits', 1)).toMatchObject({ status, evaluation: { verdict } })
    expect(store.registry.pointers('digits')).toMatchObject({ head: 1, champion })
    expect(store.audit.entries({ limit: 1 })).toMatchObject([
      { actor: 'ada', action: 'judged-again', detail: { version: 1, verdict, outcome, gate: gateSet } },
    ])
    expect(await store.audit.verify()).toMatchObject({ ok: true })
  })

  it('keeps the earlier report, and its round as it ended', async () => {
    await concluded(store, held)
    const { id } = await again(1, { reason: 'enough now' })
    const all = store.registry.judgements('digits', 1)
    expect(all).toMatchObject([
      { id, actor: 'ada', outcome: 'promoted', verdict: 'PASS' },
      { actor: 'gate', outcome: 'held', verdict: 'NOT_ENOUGH_DATA', reason: 'too few examples' },
    ])
    expect(store.registry.judgement('digits', 1)?.report.reason).toBe('enough now')
    expect(store.registry.judgement('digits', 1, all[1]!.id)?.signed.report).toEqual(report(1, null, held))
    expect(store.registry.roundSummary('digits', 1)).toMatchObject({ outcome: 'held', reason: 'too few examples' })
    await store.reopen()
    expect(store.registry.judgements('digits', 1)).toEqual(all)
  })

  it('is a look at the gate set each time: a further one at the same, the first at another', async () => {
    await concluded(store, held)
    await again(1, held)
    await again(1, { datasetDigests: { evaluation: '1'.repeat(64), gate: '9'.repeat(64) } })
    expect(ledgerOf(store.registry.looks(gateSet))).toEqual({ numLooks: 2, claims: [] })
    expect(store.registry.lookHistory('9'.repeat(64))).toEqual([
      { taskId: 'digits', version: 1, at: 1_000_000, verdict: 'PASS' },
    ])
    expect(store.registry.lookHistory(gateSet).map(({ verdict }) => verdict)).toEqual([
      'NOT_ENOUGH_DATA',
      'NOT_ENOUGH_DATA',
    ])
  })

  it('stays where it is when the champion moved while it was judged', async () => {
    await concluded(store)
    await concluded(store, held)
    const beforehand = report(2, 1)
    await concluded(store)
    const { outcome, reason } = await store.registry.judgedAgain(beforehand, twoParamTask(), { actor: 'ada' })
    expect([outcome, reason]).toEqual(['held', 'the champion was changed while this candidate was judged'])
    expect(store.registry.pointers('digits')).toEqual(pointers(3, 3, 1))
    // Compared with the champion of now, it is promoted; training has gone on from a later version.
    await again(2)
    expect(store.registry.pointers('digits')).toEqual(pointers(3, 2, 1))
    expect(store.registry.moves('digits')[0]).toMatchObject({ pointer: 'champion', from: 3, to: 2, actor: 'gate' })
  })

  it('is asked for, not promoted, under the two-person rule; the same transaction or none', async () => {
    await concluded(store, held)
    const asked: string[] = []
    const failing = again(1, {}, () => {
      throw new Error('no room')
    })
    await expect(failing).rejects.toThrow('no room')
    expect(store.registry.judgements('digits', 1)).toHaveLength(1)
    expect(await again(1, { reason: 'fine' }, (reason) => asked.push(reason))).toMatchObject({ outcome: 'waiting' })
    expect(asked).toEqual(['fine'])
    expect(store.registry.version('digits', 1).status).toBe('held')
    expect(store.registry.pointers('digits').champion).toBeNull()
    expect(() => store.registry.requirePromotable('digits', 1)).not.toThrow()
    await again(1, held, (reason) => asked.push(reason))
    expect(asked).toHaveLength(1)
  })

  it('may be one whose soundness could not be found out', async () => {
    await concluded(store, { verdict: 'ERROR', sound: false })
    expect(store.registry.version('digits', 1).status).toBe('candidate')
    await again(1)
    expect(store.registry.pointers('digits')).toEqual(pointers(0, 1, 1))
  })

  it('is served with the calibrator of the newest report', async () => {
    const layer = { class_name: 'Dense', config: { name: 'out', units: 1, activation: 'sigmoid' } }
    const task = {
      ...twoParamTask(),
      topology: { class_name: 'Sequential', config: { name: 's', layers: [layer] } },
      layout: makeLayout([
        { name: 'out/kernel', shape: [1, 1] },
        { name: 'out/bias', shape: [1] },
      ]),
    }
    const fitted = (temperature: number): Pick<GateReport, 'checks'> => {
      const calibrator: Calibrator = { method: 'temperature', temperature }
      return { checks: [{ check: 'calibration', verdict: 'PASS', reason: 'Fine.', rows: [], calibrator }] }
    }
    const round = await proposed(store, Float32Array.of(4, 2))
    await store.registry.conclude(round, report(1, null, { ...held, ...fitted(2) }), task)
    const servedAtFirst = store.registry.version('digits', 1).servedSha256
    await store.registry.judgedAgain(report(1, null, fitted(4)), task, { actor: 'ada' })
    const { calibrator, servedSha256 } = store.registry.version('digits', 1)
    expect(calibrator).toEqual({ method: 'temperature', temperature: 4 })
    // Kernel and bias, divided by the temperature.
    expect(bytesToParams(await store.blobs.read(servedSha256!))).toEqual(Float32Array.of(1, 0.5))
    expect(bytesToParams(await store.blobs.read(servedAtFirst!))).toEqual(Float32Array.of(2, 1))
  })
})

describe('what may not be judged again', () => {
  it('initial weights, what was not judged yet, is promoted, rejected, unsound, or serves already', async () => {
    await concluded(store)
    await concluded(store, { verdict: 'BLOCK' })
    await concluded(store, { verdict: 'BLOCK', sound: false })
    await concluded(store, held)
    await proposed(store)
    await store.registry.promote({ taskId: 'digits', version: 4, actor: 'ada', reason: 'by hand' })
    for (const version of [0, 1, 2, 3, 4, 5]) {
      expect(() => store.registry.requireHeld('digits', version)).toThrow(code('not-held'))
      await expect(again(version)).rejects.toEqual(code('not-held'))
    }
    expect(() => store.registry.requireHeld('digits', 9)).toThrow(code('unknown-version'))
    expect(store.registry.looks(gateSet)).toHaveLength(4)
  })

  it('what a person promoted, and the gate then found broken, is nothing to roll back to', async () => {
    await concluded(store)
    await concluded(store, held)
    const ask = { taskId: 'digits', actor: 'ada', reason: 'by hand' }
    await store.registry.promote({ ...ask, version: 2 })
    await concluded(store)
    await again(2, { verdict: 'BLOCK', sound: false })
    expect(store.registry.rollBackTarget('digits')).toBe(1)
    await expect(store.registry.rollBack({ ...ask, version: 2 })).rejects.toEqual(code('nothing-to-roll-back'))
  })
})

describe('judgements', () => {
  it('of a version that has none, or not this one', async () => {
    await concluded(store)
    await concluded(store)
    const [first] = store.registry.judgements('digits', 1)
    expect(store.registry.judgements('digits', 0)).toEqual([])
    expect(store.registry.judgement('digits', 0)).toBeUndefined()
    expect(() => store.registry.judgement('digits', 2, first!.id)).toThrow(code('not-found'))
    expect(() => store.registry.judgements('digits', 9)).toThrow(code('unknown-version'))
    expect(() => store.registry.judgement('digits', 9)).toThrow(code('unknown-version'))
  })
})
