import type { Predictions } from '../contract.ts'
import { sum } from './summation.ts'

/**
 * Mean log loss of always answering with the class shares of these very labels: their entropy −Σ π ln π, in nats.
 * The best that guessing can do; one class only → 0. @throws RangeError without labels
 */
export function priorLogLoss({ labels, numClasses }: Pick<Predictions, 'labels' | 'numClasses'>): number {
  if (labels.length === 0) throw new RangeError('prior log loss: no labels')
  const counts = new Float64Array(numClasses)
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1
  return sum(counts.map((count) => (count === 0 ? 0 : (-count / labels.length) * Math.log(count / labels.length))))
}
