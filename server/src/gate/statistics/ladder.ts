/**
 * The step that scores on a set which is looked at again and again are rounded to: max(1/√n, .001), and from there up to
 * the next of 1, 2 or 5 × a power of ten, so that a score looks as coarse as it is. Finer differences are noise, and
 * telling them wears the set out. Source: Blum and Hardt 2015, arXiv:1502.04585. @throws RangeError without examples
 */
export function ladderStep(n: number): number {
  if (!(n > 0)) throw new RangeError('ladder: no examples')
  const least = Math.max(1 / Math.sqrt(n), 1e-3)
  return steps.find((step) => step >= least * (1 - 1e-12)) ?? 1
}

const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]

/** The multiple of the step that is nearest to the score: .94, and not what is a rounding beside it. */
export function roundToLadder(score: number, n: number): number {
  // Every step is a whole share of 1: a quotient of whole numbers is the float nearest to it.
  const perUnit = Math.round(1 / ladderStep(n))
  return Math.round(score * perUnit) / perUnit
}
