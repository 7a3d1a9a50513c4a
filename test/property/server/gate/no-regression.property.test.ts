import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { makeRng, type Rng, type GateVerdict } from '@panal/client-core'
import { noRegression } from '../../../../server/src/gate/checks/no-regression.ts'
import { evaluationOf, predictions } from '../../../fixtures/gate-evaluation.ts'

/** Verdict on a candidate whose losses are the champion's minus `gains`, each in nats. */
async function verdictOn(losses: Float64Array, gains: Float64Array, margin: number): Promise<GateVerdict> {
  const champion = predictions(losses.map((loss) => Math.exp(-loss)))
  const candidate = predictions(losses.map((loss, i) => Math.exp(-Math.max(0, loss - (gains[i] ?? NaN)))))
  const check = noRegression.make({ against: 'champion', margin })
  return (await check.judge(evaluationOf({ candidate: { onGate: candidate }, champion: { onGate: champion } }))).verdict
}

describe('no-regression', () => {
  it('gets no stricter as the margin grows: BLOCK, then NOT_ENOUGH_DATA, then WARN, then PASS', async () => {
    const rank = { BLOCK: 0, NOT_ENOUGH_DATA: 1, WARN: 2, PASS: 3 } as Readonly<Record<string, number>>
    const settings = fc.record({
      seed: fc.integer(),
      n: fc.integer({ min: 0, max: 300 }),
      gain: fc.double({ min: -0.2, max: 0.1, noNaN: true }),
      spread: fc.double({ min: 0, max: 0.5, noNaN: true }),
      margins: fc.array(fc.double({ min: 1e-4, max: 0.5, noNaN: true }), { minLength: 2, maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(settings, async ({ seed, n, gain, spread, margins }) => {
        const rng = makeRng(seed)
        const losses = Float64Array.from({ length: n }, () => 2 * rng.uniform())
        const gains = losses.map(() => gain + spread * rng.normal())
        let last = -1
        for (const margin of margins.sort((a, b) => a - b)) {
          const at = rank[await verdictOn(losses, gains, margin)] ?? NaN
          expect(at).toBeGreaterThanOrEqual(last)
          last = at
        }
      }),
      { numRuns: 60, seed: 20_251_123 },
    )
  })
})

/**
 * Shares of verdicts over `runs` sets of n examples. The champion's loss is 3 nats everywhere, so a margin of 2 % is
 * m = .06; the candidate's gains are normal about `gain` with standard deviation .7 (no loss falls under 0).
 */
async function shares(of: { n: number; gain: number; runs: number }, rng: Rng): Promise<Record<string, number>> {
  const count: Record<string, number> = { PASS: 0, WARN: 0, NOT_ENOUGH_DATA: 0, BLOCK: 0 }
  const losses = new Float64Array(of.n).fill(3)
  for (let run = 0; run < of.runs; run++) {
    const verdict = await verdictOn(
      losses,
      losses.map(() => of.gain + 0.7 * rng.normal()),
      0.02,
    )
    count[verdict] = (count[verdict] ?? NaN) + 1 / of.runs
  }
  return count
}

describe('error rates of no-regression in seeded simulation, alpha 5 %', () => {
  // Standard error of a rate of .05: .0089 in 600 runs, .0154 in 200. Four of them: a right check fails once in
  // 16,000 seeds, and the seed is fixed.
  it('a model worse by the margin exactly passes in about 5 % (n = 200, paired t)', async () => {
    const { PASS } = await shares({ n: 200, gain: -0.06, runs: 600 }, makeRng(11))
    expect(Math.abs((PASS ?? NaN) - 0.05)).toBeLessThan(4 * 0.0089)
  })
  it('a model worse by the margin exactly passes in about 5 % (n = 60, sign flips)', async () => {
    const { PASS } = await shares({ n: 60, gain: -0.06, runs: 200 }, makeRng(12))
    expect(PASS).toBeGreaterThan(0)
    expect(PASS).toBeLessThan(0.05 + 4 * 0.0154)
  })
  it('an equal model is blocked in about 1 % at worst: what blocks must show at Šidák’s level of five (n = 200)', async () => {
    // m is .06 / (.7 / √200) = 1.21 standard errors, and a harm at 1.02 % is 2.32. Standard error of the rate: .0041.
    const { BLOCK } = await shares({ n: 200, gain: 0, runs: 600 }, makeRng(13))
    expect(Math.abs((BLOCK ?? NaN) - 0.0102)).toBeLessThan(4 * 0.0041)
  })
  it('a model worse by twice the margin is blocked, and an equal one passes, when n is large (n = 2000)', async () => {
    // m is 3.83 standard errors: Φ(3.83 − 1.645) = .9856 of either; 60 runs, 6 or more misses once in 4,000 seeds, and the seed is fixed.
    expect((await shares({ n: 2000, gain: -0.12, runs: 60 }, makeRng(14))).BLOCK).toBeGreaterThan(0.9)
    expect((await shares({ n: 2000, gain: 0, runs: 60 }, makeRng(15))).PASS).toBeGreaterThan(0.9)
  })
  it('few examples cost holds, not wrong answers: an equal model at n = 20 mostly has not enough data', async () => {
    const few = await shares({ n: 20, gain: 0, runs: 200 }, makeRng(16))
    expect(few.NOT_ENOUGH_DATA).toBeGreaterThan(0.75)
    // 5 % + four standard errors of .0154
    expect(few.BLOCK).toBeLessThan(0.05 + 4 * 0.0154)
  })
})
