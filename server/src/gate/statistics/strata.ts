import { sum } from './summation.ts'

/** How often something happened in one arm of one stratum. */
export interface Arm {
  readonly n: number
  readonly hits: number
}

/** One stratum (a segment, a client cohort, a department) seen in both arms. */
export interface Stratum {
  readonly name: string
  readonly candidate: Arm
  readonly reference: Arm
}

export const rate = ({ n, hits }: Arm): number => hits / n

/** All strata taken together: where Simpson's paradox hides. */
export const pooled = (arms: readonly Arm[]): Arm => ({
  n: sum(arms.map(({ n }) => n)),
  hits: sum(arms.map(({ hits }) => hits)),
})

/** A stratum that one arm never saw has no rate there: it can be compared with nothing, and is listed, not dropped in silence. */
export function comparable(strata: readonly Stratum[]): { both: Stratum[]; dropped: string[] } {
  const isBoth = ({ candidate, reference }: Stratum) => candidate.n > 0 && reference.n > 0
  return { both: strata.filter(isBoth), dropped: strata.filter((each) => !isBoth(each)).map(({ name }) => name) }
}
