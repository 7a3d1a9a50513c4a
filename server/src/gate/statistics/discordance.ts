import type { Predictions } from '../contract.ts'
import { predictedClasses } from './accuracy.ts'

/** Two models on the same n examples: on `lost` only the reference was right, on `won` only the candidate. */
export interface Discordance {
  readonly n: number
  readonly lost: number
  readonly won: number
}

/** Counted over `rows`, or over all examples. Both must be predictions on the same dataset. */
export function discordance(candidate: Predictions, reference: Predictions, rows?: ArrayLike<number>): Discordance {
  const [ours, theirs] = [predictedClasses(candidate), predictedClasses(reference)]
  const n = rows?.length ?? candidate.labels.length
  let [lost, won] = [0, 0]
  for (let i = 0; i < n; i++) {
    const row = rows === undefined ? i : rows[i]!
    const right = ours[row] === candidate.labels[row]
    const wasRight = theirs[row] === candidate.labels[row]
    if (right && !wasRight) won++
    if (wasRight && !right) lost++
  }
  return { n, lost, won }
}

/** accuracy(candidate) − accuracy(reference) = (won − lost)/n. @throws RangeError without examples */
export function accuracyDifference({ n, lost, won }: Discordance): number {
  if (n === 0) throw new RangeError('accuracy difference: no examples')
  return (won - lost) / n
}
