/**
 * The step that scores on a set which is looked at again and again are rounded to: max(1/√n, .001). Finer differences are
 * noise, and telling them wears the set out. Source: Blum and Hardt 2015, arXiv:1502.04585. @throws RangeError without examples
 */
export function ladderStep(n: number): number {
  if (!(n > 0)) throw new RangeError('ladder: no examples')
  return Math.max(1 / Math.sqrt(n), 1e-3)
}

/** The multiple of the step that is nearest to the score. */
export const roundToLadder = (score: number, n: number): number => Math.round(score / ladderStep(n)) * ladderStep(n)
