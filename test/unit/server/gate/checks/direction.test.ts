import { describe, expect, it } from '@jest/globals'
import type { TaskDocument, Variation } from '@panal/server'
import { direction } from '../../../../../server/src/gate/checks/direction.ts'
import { evaluationOf, gateDocument, predictions, rowOf, varied } from '../../../../fixtures/gate-evaluation.ts'
import { imageSchema, tableSchema } from '../../../../fixtures/varying-examples.ts'

const document: Partial<TaskDocument> = { data: tableSchema, seed: 7 }
const more = { column: 'age', effect: 'up', class: 'yes' } as const
/** All of class yes, so that P(true class) is P(yes). */
const saying = (pYes: readonly number[]) => predictions(pYes, new Array<number>(pYes.length).fill(1))
const all = (n: number, p: number) => new Array<number>(n).fill(p)

/** A model that says `before` of yes, and `after` where the column is higher. */
function shown(before: readonly number[], after: readonly number[], applies?: ArrayLike<number>) {
  const asked: Variation[] = []
  const evaluation = evaluationOf({
    document,
    candidate: {
      onGate: saying(before),
      under: (variation) => {
        asked.push(variation)
        return varied(saying(after), applies)
      },
    },
  })
  return { evaluation, asked }
}

describe('direction', () => {
  it('moves the column past a quarter of its values, or by an amount', async () => {
    const { evaluation, asked } = shown(all(4, 0.5), all(4, 0.6))
    await rowOf(direction.make({ expectations: [more] }), evaluation)
    await rowOf(direction.make({ expectations: [{ ...more, by: 10 }] }), evaluation)
    await rowOf(direction.make({ expectations: [{ ...more, quantiles: 0.5 }] }), evaluation)
    expect(asked).toEqual([
      { name: 'move-column', column: 'age', quantiles: 0.25, seed: 7 },
      { name: 'move-column', column: 'age', by: 10, seed: 7 },
      { name: 'move-column', column: 'age', quantiles: 0.5, seed: 7 },
    ])
  })
  it('counts what goes the wrong way by more than the tolerance', async () => {
    // of 300: 2 fall by .1, 3 by .005, the others rise
    const after = all(300, 0.5).map((_, i) => (i < 2 ? 0.4 : i < 5 ? 0.495 : 0.6))
    const { evaluation } = shown(all(300, 0.5), after)
    const row = await rowOf(direction.make({ expectations: [more] }), evaluation)
    // Clopper and Pearson's upper bound of 2 in 300 is .0208: over 2 %, and 149 cases are enough
    expect(row).toMatchObject({ verdict: 'WARN', estimate: 2 / 300, n: 300, nRequired: 149, margin: 0.02 })
    expect(row.reason).toContain('a higher age makes “yes” less probable')
    const strict = await rowOf(direction.make({ expectations: [more], tolerance: 0 }), evaluation)
    expect(strict.estimate).toBe(5 / 300)
  })
  it('of another class, or down, is that turned round', async () => {
    const { evaluation } = shown(all(300, 0.5), all(300, 0.6))
    const verdict = async (expectation: Partial<typeof more> | { effect: 'down' } | { class: 'no' }) =>
      (await rowOf(direction.make({ expectations: [{ ...more, ...expectation }] }), evaluation)).verdict
    expect(await verdict({})).toBe('PASS')
    expect(await verdict({ effect: 'down' })).toBe('BLOCK')
    expect(await verdict({ class: 'no' })).toBe('BLOCK')
  })
  it('leaves out who could not move, and whose probability had no room', async () => {
    const before = all(400, 0.5).map((p, i) => (i < 100 ? 0.005 : p))
    const applies = Uint8Array.from({ length: 400 }, (_, i) => (i < 200 ? 1 : 0))
    // 100 of the 200 that moved could not have fallen by .01; those that did not move "fell"
    const { evaluation } = shown(
      before,
      before.map((p, i) => (i < 200 ? p : 0)),
      applies,
    )
    const row = await rowOf(direction.make({ expectations: [more] }), evaluation)
    expect(row).toMatchObject({ n: 100, estimate: 0, verdict: 'NOT_ENOUGH_DATA' })
  })
  it('answers with the worst of its expectations', async () => {
    const { evaluation } = shown(all(300, 0.5), all(300, 0.6))
    const { verdict, rows } = await direction
      .make({ expectations: [more, { ...more, column: 'rate', effect: 'down' }] })
      .judge(evaluation)
    expect([verdict, ...rows.map((row) => row.verdict)]).toEqual(['BLOCK', 'PASS', 'BLOCK'])
    expect(rows.map(({ metric }) => metric)).toEqual([
      'direction: higher age, more yes',
      'direction: higher rate, less yes',
    ])
  })
  it('warns between what is tolerated and what rejects, where the task tells them apart', async () => {
    // 30 of 300 fall: L = .0729, U = .1332; at 1.02 %, as a block takes, L = .0637
    const after = all(300, 0.6).map((p, i) => (i < 30 ? 0.3 : p))
    const verdict = async (block: number): Promise<string> =>
      (await rowOf(direction.make({ expectations: [more], block }), shown(all(300, 0.5), after).evaluation)).verdict
    expect([await verdict(0.1), await verdict(0.07), await verdict(0.06)]).toEqual(['WARN', 'WARN', 'BLOCK'])
    const terms = { ...gateDocument(), data: tableSchema }
    expect(direction.misfits!({ expectations: [more], block: 0.01 }, terms)).toEqual([
      { path: '/block', message: 'must be at least 0.02, the limit' },
    ])
  })
  it('says nothing of recorded predictions', async () => {
    const evaluation = evaluationOf({ document, candidate: { onGate: saying(all(4, 0.5)), again: null } })
    expect(await direction.make({ expectations: [more] }).judge(evaluation)).toMatchObject({
      verdict: 'NOT_APPLICABLE',
    })
  })
  it('must name a number, and a class', () => {
    const terms = { ...gateDocument(), data: tableSchema }
    const misfits = (expectation: object, data: typeof tableSchema | typeof imageSchema = tableSchema) =>
      direction.misfits!({ expectations: [more, { ...more, ...expectation }] }, { ...terms, data })
    expect(misfits({})).toEqual([])
    expect(misfits({ column: 'home' })).toEqual([{ path: '/expectations/1/column', message: 'must be numeric' }])
    expect(misfits({ class: 'good' })).toEqual([
      { path: '/expectations/1/class', message: 'is not one of the classes' },
    ])
    expect(misfits({ by: 1, quantiles: 0.1 })).toEqual([
      { path: '/expectations/1/by', message: 'give either this or quantiles' },
    ])
    expect(misfits({}, imageSchema)).toHaveLength(2)
  })
})
