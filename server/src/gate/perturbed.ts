import type { Variation } from './contract.ts'
import type { Comparison } from './general-rule.ts'
import { minForWarn, type DifferenceOptions, type Measured, type Unmeasured } from './metric-differences.ts'
import { clusteredMean } from './clustered-differences.ts'
import { predictedClasses } from './statistics/accuracy.ts'
import type { Discordance } from './statistics/discordance.ts'
import {
  pMeanAtLeast,
  pMeanAtMost,
  requiredForWhole,
  wholeDifferences,
  wholeInterval,
} from './statistics/whole-differences.ts'
import type { VariableModel } from './varied-models.ts'

/** What a variation makes of one model's answers. */
export interface Perturbed {
  readonly n: number
  /** Examples that the variation changed. */
  readonly numChanged: number
  /** Answers that are another class than before. */
  readonly numFlips: number
  readonly numRight: number
  readonly numRightBefore: number
  /** [n] 1 where it is right under the variation. */
  readonly right: Uint8Array
  /** [n] right under the variation − right before: −1 where it was lost, 1 where it was won. */
  readonly gained: Int8Array
}

export async function perturb(model: VariableModel, variation: Variation): Promise<Perturbed> {
  const clean = await model.on('gate')
  const { predictions, applies } = await model.under('gate', variation)
  const { labels } = clean
  const [was, is] = [predictedClasses(clean), predictedClasses(predictions)]
  const n = labels.length
  const [right, gained] = [new Uint8Array(n), new Int8Array(n)]
  let [numChanged, numFlips, numRight, numRightBefore] = [0, 0, 0, 0]
  // A plain loop: a dozen variations of thousands of examples are looked at for either model.
  for (let row = 0; row < n; row++) {
    const [isRight, wasRight] = [Number(is[row] === labels[row]), Number(was[row] === labels[row])]
    right[row] = isRight
    gained[row] = isRight - wasRight
    numRight += isRight
    numRightBefore += wasRight
    numFlips += Number(is[row] !== was[row])
    numChanged += applies[row]!
  }
  return { n, numChanged, numFlips, numRight, numRightBefore, right, gained }
}

/** On how many examples, as the variation left them, only one of two models is right. */
export function discordanceUnder(candidate: Perturbed, reference: Perturbed): Discordance {
  let [lost, won] = [0, 0]
  candidate.right.forEach((right, row) => {
    if (right < reference.right[row]!) lost++
    if (right > reference.right[row]!) won++
  })
  return { n: candidate.n, lost, won }
}

/** [n] 1 where, as the variation left the examples, the candidate alone is right, −1 where the reference alone is, else 0. */
export const changesUnder = (candidate: Perturbed, reference: Perturbed): Int8Array =>
  Int8Array.from(candidate.right, (right, row) => right - reference.right[row]!)

/** How much accuracy the model loses, as a share of the examples. */
export const dropOf = ({ numRightBefore, numRight, n }: Perturbed): number => (numRightBefore - numRight) / n

/**
 * Difference in differences: what the variation takes from the reference's accuracy − what it takes from the candidate's,
 * higher is better. Paired by example, each of which counts −2 to 2.
 */
export function differenceInDrops(
  candidate: Perturbed,
  reference: Perturbed,
  { margin, alpha, seed, clusters }: DifferenceOptions,
): Measured | Unmeasured {
  const { n } = candidate
  if (n === 0) return { n, because: 'there are no examples' }
  const differences = candidate.gained.map((each, row) => each - reference.gained[row]!)
  const drops = { candidate: dropOf(candidate), reference: dropOf(reference) }
  if (clusters !== undefined)
    return clusteredMean(Float64Array.from(differences), drops, { margin, alpha, seed, clusters })
  const counts = wholeDifferences(differences)
  const interval = wholeInterval(counts, alpha)
  const nRequired = Math.max(minForWarn, requiredForWhole(counts, { margin, alpha }))
  const [harmP, p] = [pMeanAtLeast(counts, 0), pMeanAtMost(counts, -margin)]
  const estimate = counts.sum / n
  const comparison: Comparison = {
    estimate,
    margin,
    isAboveMargin: p < alpha,
    isHarm: harmP < alpha,
    n,
    nRequired,
  }
  const test = 'paired difference in differences'
  return {
    ...drops,
    comparison,
    harmP,
    gainP: pMeanAtMost(counts, 0),
    numbers: { estimate, interval, level: 1 - 2 * alpha, n, nRequired, test, p, margin },
  }
}
