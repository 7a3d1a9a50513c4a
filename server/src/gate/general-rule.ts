/** How a difference of a metric compares with its margin. The difference is candidate − reference, higher is better. */
export interface Comparison {
  readonly estimate: number
  /** How much worse is still acceptable; > 0. */
  readonly margin: number
  /** The difference is over −margin beyond chance: L > −margin, or the test of that at the same level. */
  readonly isAboveMargin: boolean
  /** The difference is below 0 beyond chance: U < 0, or the test of that. */
  readonly isHarm: boolean
  readonly n: number
  /** Examples with which an equal model would be found above −margin with the wanted power. */
  readonly nRequired: number
}

/**
 * One-sided level of a harm that blocks. Several families of checks may block one model (comparisons with champion and
 * anchor, segments, slices, violations), and an equal model is to pass all of them in 95 of 100 cases: Šidák's level of
 * five, 1.02 %. Source: Šidák 1967.
 */
export const blockLevel = 1 - 0.95 ** (1 / 5)

export type RuledVerdict = 'PASS' | 'BLOCK' | 'WARN' | 'NOT_ENOUGH_DATA'

/**
 * What a difference means, for every check that compares. PASS: surely not worse by the margin. BLOCK: surely worse, and by
 * the margin or more in the estimate: a tiny harm that is merely certain does not block. WARN: there were examples enough to
 * tell, and the estimate is inside the margin. Else NOT_ENOUGH_DATA.
 */
export function generalRule({ estimate, margin, isAboveMargin, isHarm, n, nRequired }: Comparison): RuledVerdict {
  if (isAboveMargin) return 'PASS'
  if (isHarm && estimate <= -margin) return 'BLOCK'
  return n >= nRequired && estimate > -margin ? 'WARN' : 'NOT_ENOUGH_DATA'
}

/** The rule where a p-value of harm is known: what blocks must show at `blockLevel`. */
export const ruleOn = ({
  comparison,
  harmP,
}: {
  readonly comparison: Comparison
  readonly harmP: number
}): RuledVerdict => generalRule({ ...comparison, isHarm: comparison.isHarm && harmP < blockLevel })

/** The same facts from an interval whose ends are one-sided bounds. */
export const readInterval = ([lower, upper]: readonly [number, number], margin: number) => ({
  isAboveMargin: lower > -margin,
  isHarm: upper < 0,
})

/** The worst of them, as a check with several rows answers: BLOCK > NOT_ENOUGH_DATA > WARN > PASS. None → PASS. */
export function worstOf(verdicts: readonly RuledVerdict[]): RuledVerdict {
  const order = ['BLOCK', 'NOT_ENOUGH_DATA', 'WARN'] as const
  return order.find((verdict) => verdicts.includes(verdict)) ?? 'PASS'
}
