import { sum } from './summation.ts'

/** Murphy's parts of a binary Brier score. `score` = reliability − resolution + uncertainty, exactly. */
export interface BrierParts {
  readonly score: number
  readonly reliability: number
  readonly resolution: number
  readonly uncertainty: number
}

/**
 * Binary Brier score, mean (p − y)², and its parts over the *distinct* forecasts: over bins the identity would fail.
 * In [0, 1]; lower is better. Source: Murphy 1973. @throws RangeError without examples
 */
export function brier(probabilities: ArrayLike<number>, isPositive: ArrayLike<number>): BrierParts {
  const n = probabilities.length
  if (n === 0) throw new RangeError('brier: no examples')
  const groups = new Map<number, { count: number; positives: number }>()
  for (let i = 0; i < n; i++) {
    const group = groups.get(probabilities[i]!) ?? { count: 0, positives: 0 }
    groups.set(probabilities[i]!, { count: group.count + 1, positives: group.positives + isPositive[i]! })
  }
  const base = sum(Array.from(isPositive)) / n
  const parts = [...groups].map(([forecast, { count, positives }]) => {
    const observed = positives / count
    return { reliability: count * (forecast - observed) ** 2, resolution: count * (observed - base) ** 2 }
  })
  return {
    score: sum(Array.from(probabilities, (p, i) => (p - isPositive[i]!) ** 2)) / n,
    reliability: sum(parts.map(({ reliability }) => reliability)) / n,
    resolution: sum(parts.map(({ resolution }) => resolution)) / n,
    uncertainty: base * (1 - base),
  }
}

/**
 * [numExamples] Brier score of each example: (p − y)² of two classes, in [0, 1]; of more Σ_k (p_k − y_k)², in [0, 2].
 */
export function brierScores(of: {
  readonly probabilities: ArrayLike<number>
  readonly labels: ArrayLike<number>
  readonly numClasses: number
}): Float64Array {
  const { probabilities, labels, numClasses } = of
  const share = numClasses === 2 ? 0.5 : 1 // both classes miss by the same
  return Float64Array.from(labels, (label, row) => {
    let squares = 0
    for (let k = 0; k < numClasses; k++) squares += (probabilities[row * numClasses + k]! - (k === label ? 1 : 0)) ** 2
    return share * squares
  })
}

/** Over all classes, Σ_k (p_k − y_k)² averaged over examples: 0 to 2, not halved. @throws RangeError without examples */
export function multiclassBrier(of: {
  readonly probabilities: ArrayLike<number>
  readonly labels: ArrayLike<number>
  readonly numClasses: number
}): number {
  const { probabilities, labels, numClasses } = of
  if (labels.length === 0) throw new RangeError('brier: no examples')
  const squares = Array.from(probabilities, (p, i) => {
    const isTrue = i % numClasses === labels[Math.floor(i / numClasses)]
    return (p - (isTrue ? 1 : 0)) ** 2
  })
  return sum(squares) / labels.length
}
