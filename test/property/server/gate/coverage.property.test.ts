import { describe, expect, it } from '@jest/globals'
import { makeRng, type Rng } from '@panal/client-core'
import { aucDifference } from '../../../../server/src/gate/statistics/auc.ts'
import { drawBinomial } from '../../../../server/src/gate/statistics/binomial-draw.ts'
import { clopperPearson } from '../../../../server/src/gate/statistics/clopper-pearson.ts'
import { adjustedDifference, kitagawa } from '../../../../server/src/gate/statistics/kitagawa.ts'
import { breslowDay, mantelHaenszel } from '../../../../server/src/gate/statistics/mantel-haenszel.ts'
import { mcnemarHarmP } from '../../../../server/src/gate/statistics/mcnemar.ts'
import {
  nonInferiorityP,
  pairedDifference,
  tInterval,
} from '../../../../server/src/gate/statistics/paired-difference.ts'
import { signFlips } from '../../../../server/src/gate/statistics/sign-flip.ts'
import type { Stratum } from '../../../../server/src/gate/statistics/strata.ts'
import { testUniformity } from '../../../../server/src/gate/statistics/uniformity.ts'
import { welch, momentsOf } from '../../../../server/src/gate/statistics/welch.ts'
import { wilsonOneSided } from '../../../../server/src/gate/statistics/wilson.ts'

/** [n + 1] P(X = k) of Binomial(n, p), by the recurrence. */
function binomial(n: number, p: number): number[] {
  const chance = [(1 - p) ** n]
  for (let k = 1; k <= n; k++) chance.push((chance[k - 1]! * (n - k + 1) * p) / (k * (1 - p)))
  return chance
}

/** Chance that a bound of the successes of n misses the true share, by adding up all outcomes: no simulation. */
const missRate = (n: number, p: number, misses: (successes: number) => boolean) =>
  binomial(n, p).reduce((sum, chance, k) => sum + (misses(k) ? chance : 0), 0)

const shares = Array.from({ length: 91 }, (_, i) => 0.05 + i / 100)

describe('proportions, exactly', () => {
  const n = 150
  it('Clopper and Pearson’s bounds miss in at most 5 % whatever the share', () => {
    const bounds = Array.from({ length: n + 1 }, (_, k) => clopperPearson(k, n))
    for (const p of shares) {
      expect(missRate(n, p, (k) => bounds[k]![0] > p)).toBeLessThanOrEqual(0.05 + 1e-12)
      expect(missRate(n, p, (k) => bounds[k]![1] < p)).toBeLessThanOrEqual(0.05 + 1e-12)
    }
  })
  it('Wilson’s bounds miss in 5 % on average over shares, and never in more than 8 %', () => {
    const [below, above] = [0, 1].map((end) =>
      shares.map((p) => missRate(n, p, (k) => (end === 0 ? wilsonOneSided(k, n)[0] > p : wilsonOneSided(k, n)[1] < p))),
    )
    for (const rates of [below!, above!]) {
      const average = rates.reduce((a, b) => a + b, 0) / rates.length
      expect(Math.abs(average - 0.05)).toBeLessThan(0.003)
      expect(Math.max(...rates)).toBeLessThan(0.08)
    }
  })
  it('McNemar’s one-sided mid-p is at most .05 in at most 6 % of equal models, whatever the discordance', () => {
    for (const n of [5, 10, 20, 40, 80, 160]) {
      const size = missRate(n, 0.5, (lost) => mcnemarHarmP({ lost, won: n - lost }) <= 0.05)
      expect(size).toBeLessThan(0.06)
      if (n >= 20) expect(size).toBeGreaterThan(0.03)
    }
  })
})

/** Shares of seeded runs whose one-sided bounds at 5 % miss, on either side. */
function misses(runs: number, truth: number, interval: (rng: Rng) => readonly [number, number]): [number, number] {
  let [under, over] = [0, 0]
  for (let run = 0; run < runs; run++) {
    const [lower, upper] = interval(makeRng(`coverage ${run}`))
    if (truth < lower) under++
    if (truth > upper) over++
  }
  return [under / runs, over / runs]
}

// Standard error of a rate of .05: .0069 in 1000 runs. Four of them: a right interval fails once in 16,000 seeds, and the
// seed is fixed.
const tolerance = 4 * 0.0069

/** Four strata of unequal sizes and mixes. */
function strata(rng: Rng, rateOf: (base: number) => number): Stratum[] {
  return [0.2, 0.4, 0.6, 0.75].map((base, s) => {
    const [n, m] = [120 + 60 * s, 300 - 50 * s]
    return {
      name: String(s),
      candidate: { n, hits: drawBinomial(n, rateOf(base), rng) },
      reference: { n: m, hits: drawBinomial(m, base, rng) },
    }
  })
}

describe('intervals miss in 5 % on either side, in seeded simulation', () => {
  it.each([
    [
      'paired t',
      0.3,
      (rng: Rng) => tInterval(pairedDifference(Float64Array.from({ length: 30 }, () => 0.3 + rng.normal())), 0.05),
    ],
    [
      'the adjusted difference',
      0.07,
      (rng: Rng) =>
        adjustedDifference(
          strata(rng, (p) => p + 0.07),
          0.1,
        ).interval,
    ],
    [
      'the Mantel–Haenszel odds ratio (Robins, Breslow and Greenland)',
      1.5,
      (rng: Rng) =>
        mantelHaenszel(
          strata(rng, (p) => (1.5 * p) / (1 - p + 1.5 * p)),
          0.1,
        )!.interval,
    ],
  ] as const)('%s', (_, truth, interval) => {
    const [under, over] = misses(1000, truth, interval)
    expect(Math.abs(under - 0.05)).toBeLessThan(tolerance)
    expect(Math.abs(over - 0.05)).toBeLessThan(tolerance)
  })
  it('the difference of two AUCs (DeLong)', () => {
    // Equal models: the true difference is 0. 400 runs: standard error .0109.
    const [under, over] = misses(400, 0, (rng) => {
      const isPositive = Array.from({ length: 160 }, (_, i) => (i % 2 === 0 ? 1 : 0))
      const signal = isPositive.map((y) => 1.2 * y + rng.normal())
      const [candidate, reference] = [0, 1].map(() => signal.map((each) => each + 0.7 * rng.normal()))
      return aucDifference({ candidate: candidate!, reference: reference! }, isPositive)!.interval
    })
    expect(Math.abs(under - 0.05)).toBeLessThan(4 * 0.0109)
    expect(Math.abs(over - 0.05)).toBeLessThan(4 * 0.0109)
  })
})

describe('p-values of true hypotheses are uniform, in seeded simulation', () => {
  const runs = 1000
  const values = (p: (rng: Rng) => number) => Array.from({ length: runs }, (_, run) => p(makeRng(`null ${run}`)))
  const normals = (n: number, scale: number, rng: Rng) => Float64Array.from({ length: n }, () => scale * rng.normal())

  // A right test falls under .001 once in a thousand seeds, and the seed is fixed.
  it.each([
    ['Welch’s', (rng: Rng) => welch(momentsOf(normals(20, 1, rng)), momentsOf(normals(60, 3, rng)))!.p],
    [
      'non-inferiority at the margin',
      (rng: Rng) => nonInferiorityP(pairedDifference(normals(25, 1, rng).map((each) => each - 0.1)), 0.1),
    ],
    ['sign flips', (rng: Rng) => signFlips(normals(9, 1, rng), rng).pAtMost(0)],
    ['Cochran–Mantel–Haenszel', (rng: Rng) => mantelHaenszel(strata(rng, (p) => p))!.p],
    ['Breslow–Day', (rng: Rng) => breslowDay(strata(rng, (p) => (2 * p) / (1 + p)))!.p],
  ] as const)('%s', (_, p) => {
    expect(testUniformity(values(p)).p).toBeGreaterThan(0.001)
  })
  it('and the test of uniformity sees p-values that are a little too small', () => {
    // A fifth of a standard deviation between the groups: power about .29 at 5 %.
    const shifted = values(
      (rng) => welch(momentsOf(normals(60, 1, rng).map((each) => each + 0.2)), momentsOf(normals(60, 1, rng)))!.p,
    )
    expect(testUniformity(shifted).pSurplus).toBeLessThan(1e-6)
  })
})

it('Kitagawa’s parts sum to the difference of the rates in every draw', () => {
  for (let run = 0; run < 500; run++) {
    const { aggregate, ratePart, mixPart } = kitagawa(strata(makeRng(run), (p) => p / 2))
    expect(Math.abs(ratePart + mixPart - aggregate)).toBeLessThan(1e-15)
  }
})
