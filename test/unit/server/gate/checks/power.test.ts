import { describe, expect, it } from '@jest/globals'
import { powerPreflight } from '../../../../../server/src/gate/checks/power.ts'
import { evaluationOf, predictions } from '../../../../fixtures/gate-evaluation.ts'

/** n examples of which the two models differ on every `every`th; the first `inA` are in segment a, the others in b. */
const judge = (n: number, options: Parameters<typeof powerPreflight.make>[0] = {}, { every = 20, inA = 40 } = {}) =>
  powerPreflight.make(options).judge(
    evaluationOf({
      candidate: { onGate: predictions(Array.from({ length: n }, (_, i) => (i % every === 0 ? 0.1 : 0.9))) },
      champion: { onGate: predictions(new Array<number>(n).fill(0.9)) },
      document: { segments: ['home'] },
      columns: [
        { name: 'home', values: ['a', 'b', 'c'], codes: Int32Array.from({ length: n }, (_, i) => (i < inA ? 0 : 1)) },
      ],
    }),
  )

describe('power', () => {
  it('takes the upper bound of the discordance: 50 of 1,000 is up to .0625, and needs 3,864 for one point', async () => {
    const { rows, verdict } = await judge(1000)
    // Wilson's one-sided 95 % upper bound of 50/1000: (.05 + .0013528 + 1.644854 · √(.0475/1000 + 6.764e-7)) / 1.0027055
    expect(rows[0]?.discordance).toBeCloseTo(0.06258, 4)
    // (1.644854 + .841621)² · .06258 / .0001
    expect(rows[0]?.nRequired).toBeGreaterThan(3860)
    expect(rows[0]?.nRequired).toBeLessThan(3880)
    // 2.486475 · √(.06258/1000)
    expect(rows[0]?.mdd).toBeCloseTo(0.01967, 4)
    expect(verdict).toBe('NOT_ENOUGH_DATA')
  })
  it('passes a set that is large enough for the margin', async () => {
    expect((await judge(1000, { margin: 0.02 })).verdict).toBe('PASS')
  })
  it('tells segments in which a fall by ten points would be found from others, and lists an empty one', async () => {
    // Two are tested, each twice: at .05/4, power .9 is (2.2414 + 1.2816)² = 12.411. That times (.06258 + .1 − .01)/.01.
    const { rows, reason } = await judge(1000, {}, { inA: 200 })
    expect(rows.slice(1).map(({ segment, verdict, nRequired }) => [segment, verdict, nRequired])).toEqual([
      ['home=a', 'PASS', 190],
      ['home=b', 'PASS', 190],
      ['home=c', 'NOT_ENOUGH_DATA', 190],
    ])
    expect(reason).toContain('2 of 3 segments can gate')
    const fewer = await judge(1000, {}, { inA: 189 })
    expect(fewer.rows[1]).toMatchObject({ segment: 'home=a', verdict: 'NOT_ENOUGH_DATA' })
    // With as many as are required, the smallest fall that is found is that of ten points.
    const just = await judge(1000, {}, { inA: 190 })
    expect(just.rows[1]?.mdd).toBeCloseTo(0.1, 3)
  })
  it('never lets a segment of under 30 gate, whatever it would take', async () => {
    const { rows } = await judge(1000, { detectable: 0.9 }, { inA: 29 })
    expect(rows[1]).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', nRequired: 30 })
  })
  it('does not take two models that agree for proof that they always will: n_req is not 0', async () => {
    const { rows } = await judge(100, {}, { every: 1000 })
    // 1 of 100 differs: the bound is .0421
    expect(rows[0]?.nRequired).toBeGreaterThan(2000)
  })
})
