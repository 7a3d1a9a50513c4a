import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { noRegression } from '../../../../../server/src/gate/checks/no-regression.ts'
import { evaluationOf, modelAnswers, predictions, rowOf, shiftedAnswers } from '../../../../fixtures/gate-evaluation.ts'

const against = (reference: 'champion' | 'anchor', margin = 0.02) => noRegression.make({ against: reference, margin })

const judge = (candidate: ArrayLike<number>, champion: ArrayLike<number>, margin = 0.02) =>
  rowOf(
    against('champion', margin),
    evaluationOf({ candidate: { onGate: predictions(candidate) }, champion: { onGate: predictions(champion) } }),
  )

const repeat = (values: readonly number[], times: number): number[] =>
  Array.from({ length: times }, () => values).flat()

describe('no-regression', () => {
  it.each(['champion', 'anchor'] as const)('does not apply without a %s', async (reference) => {
    const result = await against(reference).judge(evaluationOf({ candidate: {} }))
    expect(result.verdict).toBe('NOT_APPLICABLE')
  })
  it('makes no test of byte-identical weights', async () => {
    const same = { weightsSha256: 'a'.repeat(64) }
    const result = await against('champion').judge(evaluationOf({ candidate: same, champion: same }))
    expect(result).toMatchObject({ verdict: 'NO_CHANGE', rows: [] })
  })
  it('measures δ = mean(loss of the reference − loss of the candidate), higher is better', async () => {
    // Half .8 and half .5 against all .8: δ = ½ ln(.5/.8) = −.235002; reference loss −ln .8 = .223144, m = 2 % of it.
    const result = await judge(repeat([0.8, 0.5], 200), repeat([0.8, 0.8], 200))
    expect(result.estimate).toBeCloseTo(-0.235002, 5)
    expect(result.margin).toBeCloseTo(0.00446287, 6)
    expect(result.n).toBe(400)
    // sd of a half-and-half split of width ln 1.6: ½ ln 1.6 · √(400/399); t(.95, 399) = 1.648682
    const half = (1.648682 * 0.5 * Math.log(1.6) * Math.sqrt(400 / 399)) / 20
    expect(result.interval?.[0]).toBeCloseTo(-0.235002 - half, 5)
    expect(result.interval?.[1]).toBeCloseTo(-0.235002 + half, 5)
    expect(result).toMatchObject({ verdict: 'BLOCK', test: 'paired t' })
  })
  it('passes a model that is better', async () => {
    expect((await judge(repeat([0.9, 0.8], 200), repeat([0.8, 0.8], 200))).verdict).toBe('PASS')
  })
  it('warns when there is data enough and the estimate is inside the margin, but not beyond chance', async () => {
    // d alternates between ln(.8072/.8) = .008960 and ln(.787/.8) = −.016383: δ = −.003712, over −m = −.004463.
    // sd = ½ · .025342 · √(n/(n−1)) → n_req = ⌈6.1826 · (sd/m)²⌉: 52 at n = 32, 51 at n = 100.
    const champion = [0.8, 0.8]
    const candidate = [0.8072, 0.787]
    const fewer = await judge(repeat(candidate, 16), repeat(champion, 16))
    expect(fewer).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', n: 32, nRequired: 52 })
    const enough = await judge(repeat(candidate, 50), repeat(champion, 50))
    expect(enough).toMatchObject({ verdict: 'WARN', n: 100, nRequired: 51 })
  })
  it.each([0, 1])('has not enough data with %i examples', async (n) => {
    const result = await judge(new Array<number>(n).fill(0.5), new Array<number>(n).fill(0.9))
    expect(result).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', n })
  })
  it('never blocks a tiny set: 3 much worse examples of 3 are not enough data', async () => {
    const result = await judge([0.1, 0.2, 0.1], [0.9, 0.9, 0.8])
    expect(result).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', test: 'sign-flip permutation' })
  })
  it('does not take agreement on a few examples for evidence: no spread must not need no data', async () => {
    const result = await judge([0.9, 0.8, 0.7], [0.9, 0.8, 0.7])
    expect(result).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', nRequired: 30, estimate: 0 })
  })
  it('judges under 200 examples by sign flips, both ways', async () => {
    const champion = modelAnswers(150, makeRng(1))
    const worse = await judge(shiftedAnswers(champion, 0.3, 0.1, makeRng(2)), champion)
    const better = await judge(shiftedAnswers(champion, -0.1, 0.1, makeRng(2)), champion)
    expect(worse).toMatchObject({ verdict: 'BLOCK', test: 'sign-flip permutation' })
    expect(better).toMatchObject({ verdict: 'PASS', p: 1 / 10_001 })
  })
  it('has a margin against a reference that makes no mistakes: the share of .001 nats', async () => {
    const sure = new Array<number>(400).fill(1)
    const result = await judge(sure, sure)
    expect(result).toMatchObject({ verdict: 'PASS', margin: 0.02 * 1e-3 })
    const doubting = await judge(new Array<number>(400).fill(0.99), sure)
    expect(doubting.verdict).toBe('BLOCK')
  })
  it('compares with the anchor when the task says so', async () => {
    const result = await against('anchor').judge(
      evaluationOf({
        candidate: { onGate: predictions(repeat([0.5], 300)) },
        champion: { onGate: predictions(repeat([0.5], 300)) },
        anchor: { onGate: predictions(repeat([0.8], 300)) },
      }),
    )
    expect(result.verdict).toBe('BLOCK')
    expect(result.reason).toContain('anchor 0.2231')
  })
})
