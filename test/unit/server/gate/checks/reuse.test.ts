import { describe, expect, it } from '@jest/globals'
import { reuse } from '../../../../../server/src/gate/checks/reuse.ts'
import { evaluationOf, predictions } from '../../../../fixtures/gate-evaluation.ts'

const judge = (numLooks: number, maxLooks?: number, n = 100) =>
  reuse.make(maxLooks === undefined ? {} : { maxLooks }).judge(
    evaluationOf({
      candidate: { onGate: predictions(Array.from({ length: n }, (_, i) => (i < 0.87 * n ? 0.9 : 0.1))) },
      looks: { numLooks, claims: [] },
    }),
  )

describe('reuse', () => {
  it.each([
    [0, 'PASS'],
    [159, 'PASS'],
    [160, 'WARN'],
    [199, 'WARN'],
    [200, 'NOT_ENOUGH_DATA'],
    [5000, 'NOT_ENOUGH_DATA'],
  ])('after %i looks of 200 says %s', async (numLooks, verdict) => {
    expect((await judge(numLooks)).verdict).toBe(verdict)
  })
  it('takes the limit from the task', async () => {
    expect((await judge(3, 3)).verdict).toBe('NOT_ENOUGH_DATA')
    expect((await judge(2, 4)).reason).toBe('This is look 3 of 4 at the gate set.')
  })
  it('tells the accuracy in steps: .87 on 100 examples is .9', async () => {
    const { rows } = await judge(0)
    expect(rows[1]).toMatchObject({ margin: 0.1, n: 100, verdict: 'PASS' })
    expect(rows[1]?.estimate).toBeCloseTo(0.9, 12)
  })
  it('has no score without examples', async () => {
    expect((await judge(0, 200, 0)).rows).toHaveLength(1)
  })
})
