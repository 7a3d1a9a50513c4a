import { logOf } from '@panal/client-core'

/**
 * Replaces the row of probabilities that starts at `start` by the softmax of its changed logits, in place.
 * @param change of one logit, asked once for each class in order
 */
export function changeLogits(
  probabilities: Float32Array,
  { start, numClasses }: { readonly start: number; readonly numClasses: number },
  change: (logit: number) => number,
): void {
  const logits = new Float64Array(numClasses)
  let most = -Infinity
  for (let k = 0; k < numClasses; k++) {
    logits[k] = change(logOf(probabilities[start + k]!))
    most = Math.max(most, logits[k]!)
  }
  let total = 0
  for (let k = 0; k < numClasses; k++) total += logits[k] = Math.exp(logits[k]! - most)
  for (let k = 0; k < numClasses; k++) probabilities[start + k] = logits[k]! / total
}
