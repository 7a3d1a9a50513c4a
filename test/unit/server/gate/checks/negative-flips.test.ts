import { describe, expect, it } from '@jest/globals'
import { negativeFlips } from '../../../../../server/src/gate/checks/negative-flips.ts'
import { evaluationOf, predictions, rowOf } from '../../../../fixtures/gate-evaluation.ts'

/** The champion is right on all n, the candidate on all but `lost`. */
const judge = (n: number, lost: number, options: Parameters<typeof negativeFlips.make>[0] = {}) =>
  rowOf(
    negativeFlips.make(options),
    evaluationOf({
      candidate: { onGate: predictions(Array.from({ length: n }, (_, i) => (i < lost ? 0.1 : 0.9))) },
      champion: { onGate: predictions(new Array<number>(n).fill(0.9)) },
    }),
  )

describe('negative flips', () => {
  // Exact one-sided 95 % upper bounds: 0 of 59 .0495, 3 of 200 .03831, 10 of 500 .03369
  it.each([
    [59, 0, 0.0495],
    [200, 3, 0.03831],
    [500, 10, 0.03369],
  ])('bounds %i examples with %i flips by %f, and passes', async (n, lost, upper) => {
    const row = await judge(n, lost)
    expect(row.interval?.[1]).toBeCloseTo(upper, 4)
    expect(row.estimate).toBe(lost / n)
    expect(row.verdict).toBe('PASS')
  })
  it('needs 59 examples to pass at all', async () => {
    expect(await judge(58, 0)).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', nRequired: 59 })
    expect((await judge(58, 4)).verdict).toBe('NOT_ENOUGH_DATA')
  })
  it('warns where the share may be over the one tolerated', async () => {
    expect((await judge(200, 8)).verdict).toBe('WARN')
    expect((await judge(200, 20)).verdict).toBe('WARN')
  })
  it('blocks where it surely is over the one that blocks: 30 of 200 may still be .1, 31 may not', async () => {
    // At 1.02 %: L(30) = .0964, L(31) = .1005
    expect((await judge(200, 30)).verdict).toBe('WARN')
    expect((await judge(200, 31)).verdict).toBe('BLOCK')
  })
  it('counts flips, not the balance: gains make up for nothing', async () => {
    const won = predictions(Array.from({ length: 400 }, (_, i) => (i < 100 ? 0.1 : 0.9)))
    const was = predictions(Array.from({ length: 400 }, (_, i) => (i >= 300 ? 0.1 : 0.9)))
    const row = await rowOf(
      negativeFlips.make({}),
      evaluationOf({ candidate: { onGate: won }, champion: { onGate: was } }),
    )
    expect(row).toMatchObject({ verdict: 'BLOCK', estimate: 0.25 })
  })
  it('does not apply to a first model', async () => {
    expect((await negativeFlips.make({}).judge(evaluationOf({ candidate: {} }))).verdict).toBe('NOT_APPLICABLE')
  })
  it('refuses to block before it warns', () => {
    const misfits = (warn: number, block: number) => negativeFlips.misfits!({ warn, block }, {} as never)
    expect(misfits(0.1, 0.1)).toEqual([])
    expect(misfits(0.2, 0.1)).toMatchObject([{ path: '/block' }])
  })
})
