import { describe, expect, it } from '@jest/globals'
import { makeRng, type Rng } from '@panal/client-core'
import { noRegression } from '../../../../server/src/gate/checks/no-regression.ts'
import { evaluationOf, predictions, type EvaluationParts } from '../../../fixtures/gate-evaluation.ts'

type Models = Pick<EvaluationParts, 'candidate' | 'champion'>

async function passes(metric: 'log-loss' | 'macro-f1', runs: number, make: (rng: Rng) => Models): Promise<number> {
  const check = noRegression.make({ against: 'champion', metric, margin: 0.02 })
  let passed = 0
  for (let run = 0; run < runs; run++) {
    const { verdict } = await check.judge(evaluationOf(make(makeRng(`small ${run}`))))
    if (verdict === 'PASS') passed++
  }
  return passed / runs
}

/** The champion's loss is 1 nat everywhere, so the margin is .02 nats; the candidate's is that less `gain`. */
const losses =
  (n: number, gain: (rng: Rng) => number) =>
  (rng: Rng): Models => ({
    candidate: { onGate: predictions(Float64Array.from({ length: n }, () => Math.exp(Math.min(0, gain(rng) - 1)))) },
    champion: { onGate: predictions(new Float64Array(n).fill(Math.exp(-1))) },
  })

/** Some `large` of n losses rose by as much as makes the margin, and nothing else changed by more than a little. */
const rarelyLarge = (n: number, large: number) =>
  losses(n, (rng) => 0.02 * rng.normal() - (rng.uniform() < large / n ? (0.02 * n) / large : 0))

/** Log-normal rises of loss about the margin, with standard deviation .1: skewness 6.2. */
const logNormal = (n: number) => {
  const scale = 0.1 / Math.sqrt(Math.E * (Math.E - 1))
  return losses(n, (rng) => scale * (Math.exp(0.5) - Math.exp(rng.normal())) - 0.02)
}

/** A rate of 5 % and three standard errors: a right check fails once in 700 seeds, and the seeds are fixed. */
const atMost5 = (runs: number): number => 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs)

describe('a PASS of log loss of a model that is worse by exactly the margin, in 5 % at most', () => {
  // Student's t and sign flips pass 14 to 22 % of these with 3 large losses, 10 to 13 % with 5.
  it.each([
    [100, 3],
    [300, 3],
    [300, 5],
    [1000, 3],
    [1000, 5],
  ])('n = %i, %i losses that are rare and large', async (n, large) => {
    expect(await passes('log-loss', 100, rarelyLarge(n, large))).toBeLessThan(atMost5(100))
  })
  it.each([100, 300, 1000])('n = %i, log-normal', async (n) => {
    expect(await passes('log-loss', 100, logNormal(n))).toBeLessThan(atMost5(100))
  })
})

describe('what that costs an equal model whose losses are ordinary', () => {
  // Power of t at n = 300: a margin of 3.46 standard errors, Φ(3.46 − 1.65) = .965; at n = 1000, standard deviation .2: .935.
  it.each([
    [300, 0.1],
    [1000, 0.2],
  ])('n = %i, standard deviation %d: it still passes in nine of ten', async (n, sd) => {
    expect(
      await passes(
        'log-loss',
        150,
        losses(n, (rng) => sd * rng.normal()),
      ),
    ).toBeGreaterThan(0.85)
  })
})

describe('a PASS of log loss takes examples enough', () => {
  const equal = (n: number) => losses(n, () => 0)
  it('never of five, however alike they are', async () => {
    expect(await passes('log-loss', 1, equal(5))).toBe(0)
  })
  it('as many as show a loss of one nat that is frequent enough to make the margin: ln .05 / ln .98 = 148.3', async () => {
    expect(await passes('log-loss', 1, equal(148))).toBe(0)
    expect(await passes('log-loss', 1, equal(149))).toBe(1)
  })
  it('says how many', async () => {
    const { rows } = await noRegression.make({ against: 'champion' }).judge(evaluationOf(equal(100)(makeRng(1))))
    expect(rows[0]).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', nRequired: 149 })
    expect(rows[0]?.reason).toContain('a pass takes 149')
  })
})

describe('a PASS of macro F1', () => {
  const lost = (n: number) => (rng: Rng) => ({
    candidate: {
      onGate: predictions(Float64Array.from({ length: n }, () => (rng.uniform() < 0.02 ? 0.2 : 0.8))),
    },
    champion: { onGate: predictions(Float64Array.from({ length: n }, (_, i) => (i === 0 ? 0.2 : 0.8))) },
  })
  it.each([100, 300])('n = %i: in 5 % at most of models that are worse by the margin', async (n) => {
    expect(await passes('macro-f1', 40, lost(n))).toBeLessThan(atMost5(40))
  })
  it('is none where nothing was lost of 100 examples, for 2 in 100 may be lost and not be seen', async () => {
    const better = (n: number) => ({
      candidate: { onGate: predictions(new Float64Array(n).fill(0.8)) },
      champion: { onGate: predictions(Float64Array.from({ length: n }, (_, i) => (i < 2 ? 0.2 : 0.8))) },
    })
    expect(await passes('macro-f1', 1, () => better(80))).toBe(0)
    expect(await passes('macro-f1', 1, () => better(400))).toBe(1)
  })
})
