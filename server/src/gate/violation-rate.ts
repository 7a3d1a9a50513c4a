import type { CheckRow, GateVerdict, SampleQuery } from '@panal/client-core'
import { blockLevel } from './general-rule.ts'
import { percent } from './say.ts'
import { effectiveSample } from './statistics/clusters.ts'
import { clopperPearson } from './statistics/clopper-pearson.ts'
import { binomialCdf } from './statistics/distributions.ts'
import { casesNeeded } from './statistics/violations.ts'

const alpha = 0.05
/** Fewer cases block nobody, whatever becomes of them. */
const fewestToBlock = 10

/** What became of the cases of one expectation. */
export interface ViolationCount {
  readonly metric: string
  readonly numCases: number
  readonly numViolations: number
  /** How many cases tell as much as one independent one does, where they come in clusters. Left out: 1. */
  readonly designEffect?: number
  /** Share of violations that is tolerated. */
  readonly limit: number
  /** Share that rejects the model: the limit, or more than it. */
  readonly block: number
  /** What happened, to follow "On 3 of 890 cases". */
  readonly happened: string
  readonly samples?: SampleQuery
}

/** Cases and violations counted, by clusters where examples come in them. Both flags are [numExamples] 0 or 1. */
export function countCases(
  isCase: Uint8Array,
  isViolated: Uint8Array,
  clusters: ArrayLike<number> | undefined,
): Pick<ViolationCount, 'numCases' | 'numViolations' | 'designEffect'> {
  const cases = Int32Array.from(isCase.keys()).filter((row) => isCase[row] === 1)
  const violated = Uint8Array.from(cases, (row) => isViolated[row]!)
  const counted = { numCases: cases.length, numViolations: violated.reduce((total, each) => total + each, 0) }
  if (clusters === undefined || cases.length === 0) return counted
  const of = Int32Array.from(cases, (row) => clusters[row]!)
  return { ...counted, designEffect: effectiveSample(violated, of, alpha).designEffect }
}

/**
 * The share of cases that violate an expectation, with Clopper and Pearson's exact one-sided 95 % bounds L and U. PASS when
 * U ≤ limit, BLOCK when L > block; else WARN, or NOT_ENOUGH_DATA with so few cases that even no violation could not pass.
 * Where cases come in clusters, the bounds are those of as many independent ones as they are worth.
 * Source: Clopper and Pearson 1934; Korn and Graubard 1998.
 */
export function violationRow(count: ViolationCount): CheckRow {
  const { metric, numCases, numViolations, designEffect = 1, limit, block, happened, samples } = count
  const nRequired = Math.ceil(designEffect * casesNeeded(limit, alpha))
  const test = boundsTest(count)
  const worth = { n: numCases / designEffect, violations: numViolations / designEffect }
  const about = { metric, n: numCases, nRequired, margin: limit, test }
  if (numCases === 0)
    return { ...about, verdict: 'NOT_ENOUGH_DATA', reason: 'There is no example on which it could be seen.' }
  const interval = clopperPearson(worth.violations, worth.n, alpha)
  const [surely] = clopperPearson(worth.violations, worth.n, blockLevel)
  const verdict = verdictOf([surely, interval[1]], {
    numCases: worth.n,
    limit,
    block,
    needed: casesNeeded(limit, alpha),
  })
  const seen = `On ${numViolations} of ${numCases} cases (${percent(numViolations / numCases)}) ${happened}`
  const meaning = {
    PASS: `at most ${percent(interval[1])}, and ${percent(limit)} are tolerated`,
    WARN:
      interval[0] > block
        ? `more than the ${percent(block)} that reject a model, and not surely enough to`
        : interval[0] > limit
          ? `surely more than the ${percent(limit)} that are tolerated, not surely more than the ${percent(block)} that reject a model`
          : `it may be up to ${percent(interval[1])}, and ${percent(limit)} are tolerated`,
    BLOCK:
      block > limit
        ? `surely more than the ${percent(block)} that reject a model`
        : `surely more than the ${percent(limit)} that are tolerated`,
    NOT_ENOUGH_DATA: `it takes ${nRequired} cases to show that it is at most ${percent(limit)}`,
  }
  return {
    ...about,
    estimate: numViolations / numCases,
    interval,
    level: 1 - 2 * alpha,
    // Of H₀ "the limit or more": below alpha exactly where U is below the limit. Of whole counts only.
    ...(count.designEffect === undefined && { p: binomialCdf(numViolations, numCases, limit) }),
    verdict,
    reason: `${seen}: ${meaning[verdict]}.`,
    ...(samples !== undefined && { samples }),
  }
}

/** How the bounds of a share come about, as a row says it. */
export const boundsTest = ({ designEffect }: Pick<ViolationCount, 'designEffect'>): string =>
  `Clopper–Pearson, one-sided 95 %${designEffect === undefined ? '' : ', clients by design effect'}`

function verdictOf(
  [lower, upper]: readonly [number, number],
  {
    numCases,
    limit,
    block,
    needed,
  }: Pick<ViolationCount, 'numCases' | 'limit' | 'block'> & { readonly needed: number },
): Extract<GateVerdict, 'PASS' | 'BLOCK' | 'WARN' | 'NOT_ENOUGH_DATA'> {
  if (upper <= limit) return 'PASS'
  if (lower > block && numCases >= fewestToBlock) return 'BLOCK'
  return numCases >= needed ? 'WARN' : 'NOT_ENOUGH_DATA'
}

/** The worst row, or the only one, which speaks for the check; else what all of them come to. */
export function worstRow(rows: readonly CheckRow[], whenAllPass: string): Pick<CheckRow, 'verdict' | 'reason'> {
  const order = ['BLOCK', 'NOT_ENOUGH_DATA', 'WARN'] as const
  const worst = order.map((verdict) => rows.find((row) => row.verdict === verdict)).find((row) => row !== undefined)
  return worst ?? (rows.length === 1 ? rows[0]! : { verdict: 'PASS', reason: whenAllPass })
}
