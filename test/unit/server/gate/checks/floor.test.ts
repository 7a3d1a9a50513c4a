import { describe, expect, it } from '@jest/globals'
import { floor } from '../../../../../server/src/gate/checks/floor.ts'
import { evaluationOf, predictions, rowOf } from '../../../../fixtures/gate-evaluation.ts'

/** A model that is right on `right` of `n` gate examples. */
const judge = (right: number, n: number, min: number) =>
  rowOf(
    floor.make({ metric: 'accuracy', min }),
    evaluationOf({
      candidate: {
        onEvaluation: predictions([0.1]),
        onGate: predictions(Array.from({ length: n }, (_, i) => (i < right ? 0.9 : 0.1))),
      },
    }),
  )

describe('floor', () => {
  // 930 of 1000 at one-sided 95 % (z = 1.644854): (.915536, .942144) by Wilson's formula.
  it('reports accuracy on the gate set with both one-sided bounds', async () => {
    const { estimate, interval, n } = await judge(930, 1000, 0.9)
    expect(estimate).toBe(0.93)
    expect(n).toBe(1000)
    expect(interval?.[0]).toBeCloseTo(0.915536, 6)
    expect(interval?.[1]).toBeCloseTo(0.942144, 6)
  })
  it.each([
    ['PASS', 0.9155],
    ['WARN', 0.9156],
    ['WARN', 0.93],
    ['WARN', 0.9421],
    ['BLOCK', 0.9422],
  ])('says %s at %f', async (verdict, min) => {
    expect((await judge(930, 1000, min)).verdict).toBe(verdict)
  })
  it('passes a floor of 0 and never passes a floor of 1 it cannot prove', async () => {
    expect((await judge(0, 10, 0)).verdict).toBe('PASS')
    expect((await judge(10, 10, 1)).verdict).toBe('WARN')
  })
  it('says so when there is nothing to measure', async () => {
    const result = await judge(0, 0, 0.5)
    expect(result.verdict).toBe('NOT_ENOUGH_DATA')
    expect(result).not.toHaveProperty('estimate')
  })
})
