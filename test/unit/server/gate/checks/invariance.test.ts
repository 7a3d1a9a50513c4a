import { describe, expect, it } from '@jest/globals'
import type { TaskDocument, Variation, VariedPredictions } from '@panal/server'
import { invariance } from '../../../../../server/src/gate/checks/invariance.ts'
import { evaluationOf, gateDocument, predictions, rowOf, varied } from '../../../../fixtures/gate-evaluation.ts'
import { imageSchema, tableSchema } from '../../../../fixtures/varying-examples.ts'

const document: Partial<TaskDocument> = { data: tableSchema, seed: 7 }
/** 200 examples that the model is quite sure of. */
const before = predictions(new Array<number>(200).fill(0.9))
/** The first `numFlipped` answers flip, the next `numMoved` move by .2, the others by .05. */
const after = (numFlipped: number, numMoved = 0) =>
  predictions(Array.from({ length: 200 }, (_, i) => (i < numFlipped ? 0.4 : i < numFlipped + numMoved ? 0.7 : 0.85)))
const answer = (numFlipped: number, numMoved = 0): VariedPredictions => varied(after(numFlipped, numMoved))

/** The check on a model that answers so; `asked` lists the variations. */
function shown(under: (variation: Variation) => VariedPredictions) {
  const asked: Variation[] = []
  const evaluation = evaluationOf({
    document,
    candidate: {
      onGate: before,
      under: (variation) => {
        asked.push(variation)
        return under(variation)
      },
    },
  })
  return { evaluation, asked }
}

describe('invariance', () => {
  it('tries every listed value of a category', async () => {
    const { evaluation, asked } = shown(() => answer(0))
    const row = await rowOf(invariance.make({ columns: ['home'] }), evaluation)
    expect(asked).toEqual(
      ['rent', 'owner', 'parents'].map((value) => ({ name: 'set-column', column: 'home', value, seed: 7 })),
    )
    // no violation in 200: U = 1 − .05^(1/200) = .01487
    expect(row).toMatchObject({ verdict: 'PASS', estimate: 0, n: 200, nRequired: 59, margin: 0.05, level: 0.9 })
    expect(row.interval![1]).toBeCloseTo(0.01487, 5)
    expect(row.p).toBeCloseTo(0.95 ** 200, 10)
  })
  it('takes another example’s number', async () => {
    const { evaluation, asked } = shown(() => answer(0))
    await rowOf(invariance.make({ columns: ['age'] }), evaluation)
    expect(asked).toEqual([{ name: 'permute-column', column: 'age', seed: 7 }])
  })
  it('counts flips, and what moves by more than the tolerance', async () => {
    const { evaluation } = shown(() => answer(1, 2))
    // 3 of 200: Clopper and Pearson's upper bound is .03831 (the specification's own reference value)
    const row = await rowOf(invariance.make({ columns: ['age'] }), evaluation)
    expect(row).toMatchObject({ verdict: 'PASS', estimate: 3 / 200 })
    expect(row.interval![1]).toBeCloseTo(0.03831, 5)
    const strict = await rowOf(
      invariance.make({ columns: ['age'], tolerance: 0.04 }),
      shown(() => answer(1, 2)).evaluation,
    )
    expect(strict.estimate).toBe(1)
    const lax = await rowOf(invariance.make({ columns: ['age'], tolerance: 0.3 }), shown(() => answer(1, 2)).evaluation)
    expect(lax.estimate).toBe(1 / 200)
  })
  it('counts an example once, however many values change its answer, and says which value does most', async () => {
    const { evaluation } = shown((variation) => answer('value' in variation && variation.value === 'owner' ? 3 : 2))
    const row = await rowOf(invariance.make({ columns: ['home'] }), evaluation)
    expect(row.estimate).toBe(3 / 200)
    expect(row.reason).toContain('another home changes the answer, most often owner (3)')
    expect(row.samples?.variation).toEqual({ name: 'set-column', column: 'home', value: 'owner', seed: 7 })
  })
  it('leaves out what was not changed: it cannot fail, and is no pass', async () => {
    const applies = Uint8Array.from({ length: 200 }, (_, i) => (i < 100 ? 0 : 1))
    // the three violations are among those that were not changed
    const { evaluation } = shown(() => varied(after(1, 2), applies))
    expect(await rowOf(invariance.make({ columns: ['age'] }), evaluation)).toMatchObject({ n: 100, estimate: 0 })
  })
  it('passes, warns, blocks or cannot tell by both bounds', async () => {
    const verdict = async (numFlipped: number, numCases: number): Promise<string> => {
      const applies = Uint8Array.from({ length: 200 }, (_, i) => (i < numCases ? 1 : 0))
      const { evaluation } = shown(() => varied(after(numFlipped, 0), applies))
      return (await rowOf(invariance.make({ columns: ['age'] }), evaluation)).verdict
    }
    // of 200: at 5 % U(4) = .0452, U(5) = .0518; at 1.02 %, as a block takes, L(18) = .0491, L(19) = .0529
    expect([await verdict(4, 200), await verdict(5, 200), await verdict(18, 200), await verdict(19, 200)]).toEqual([
      'PASS',
      'WARN',
      'WARN',
      'BLOCK',
    ])
    // 59 cases without a violation are the fewest that pass; 9 that all fail are too few to block
    expect([await verdict(0, 59), await verdict(0, 58), await verdict(0, 0)]).toEqual([
      'PASS',
      'NOT_ENOUGH_DATA',
      'NOT_ENOUGH_DATA',
    ])
    expect([await verdict(9, 9), await verdict(10, 10)]).toEqual(['NOT_ENOUGH_DATA', 'BLOCK'])
  })
  it('warns between what is tolerated and what rejects, where the task tells them apart', async () => {
    const { evaluation } = shown(() => answer(16))
    // L(16 of 200) = .0508, over the limit of 5 %; U = .1196
    const between = await rowOf(invariance.make({ columns: ['age'], block: 0.06 }), evaluation)
    expect(between).toMatchObject({ verdict: 'WARN', margin: 0.05 })
    expect(between.reason).toContain('surely more than the 5.00 % that are tolerated, not surely more than the 6.00 %')
    const { evaluation: many } = shown(() => answer(19))
    const over = await rowOf(invariance.make({ columns: ['age'], limit: 0.01, block: 0.05 }), many)
    expect(over).toMatchObject({ verdict: 'BLOCK', margin: 0.01 })
    expect(over.reason).toContain('surely more than the 5.00 % that reject a model')
  })
  it('takes variations, too, and answers with the worst of all', async () => {
    const { evaluation, asked } = shown((variation) => answer(variation.name === 'noise' ? 30 : 0))
    const check = invariance.make({ columns: ['home'], variations: [{ name: 'noise', severity: 1 }] })
    const { verdict, reason, rows } = await check.judge(evaluation)
    expect(asked.at(-1)).toEqual({ name: 'noise', severity: 1, seed: 7 })
    expect(rows.map((row) => [row.metric, row.verdict])).toEqual([
      ['invariance to home', 'PASS'],
      ['invariance to noise, severity 1', 'BLOCK'],
    ])
    expect([verdict, reason]).toEqual(['BLOCK', rows[1]!.reason])
  })
  it('says nothing of recorded predictions', async () => {
    const evaluation = evaluationOf({ document, candidate: { onGate: before, again: null } })
    expect(await invariance.make({ columns: ['home'] }).judge(evaluation)).toMatchObject({
      verdict: 'NOT_APPLICABLE',
      rows: [],
    })
  })
  it('must name features, and fitting variations', () => {
    const terms = { ...gateDocument(), data: tableSchema }
    expect(invariance.misfits!({ columns: ['home', 'town'] }, terms)).toEqual([
      { path: '/columns/1', message: 'is none of data.columns: town' },
    ])
    expect(invariance.misfits!({ columns: ['home'], block: 0.01 }, terms)).toEqual([
      { path: '/block', message: 'must be at least 0.05, the limit' },
    ])
    expect(invariance.misfits!({}, terms)).toEqual([{ path: '/columns', message: 'give these or variations' }])
    const shift = { name: 'shift', severity: 1 } as const
    expect(invariance.misfits!({ variations: [shift] }, terms)).toEqual([
      { path: '/variations/0/name', message: 'is for images' },
    ])
    expect(invariance.misfits!({ variations: [shift] }, { ...terms, data: imageSchema })).toEqual([])
  })
})
