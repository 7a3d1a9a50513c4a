import type { Predictions } from '../contract.ts'
import { predictedClasses } from './accuracy.ts'

export interface ClassScores {
  readonly precision: number
  readonly recall: number
  readonly f1: number
  /** Which of them were 0/0 and count as 0. */
  readonly undefined: readonly ('precision' | 'recall' | 'f1')[]
  /** Examples of this class. */
  readonly support: number
}

export interface Confusion {
  /** [numClasses][numClasses] examples of true class i that were taken for j. */
  readonly counts: readonly (readonly number[])[]
  readonly classes: readonly ClassScores[]
  /** Plain mean over the declared classes: one that no example has counts, too. */
  readonly macroF1: number
  /** Equal to accuracy: each example has one label. */
  readonly microF1: number
}

/** Confusion matrix and the scores it gives, over `rows` or all examples. @throws RangeError without examples */
export function confusion(predictions: Predictions, rows?: ArrayLike<number>): Confusion {
  const { labels, numClasses } = predictions
  const predicted = predictedClasses(predictions)
  const n = rows?.length ?? labels.length
  if (n === 0) throw new RangeError('confusion: no examples')
  const counts = Array.from({ length: numClasses }, () => new Array<number>(numClasses).fill(0))
  for (let i = 0; i < n; i++) {
    const row = rows === undefined ? i : rows[i]!
    counts[labels[row]!]![predicted[row]!]! += 1
  }
  const classes = counts.map((ofClass, k) => {
    const support = total(ofClass)
    return scoresOf(ofClass[k]!, { support, answered: total(counts.map((each) => each[k]!)) })
  })
  return {
    counts,
    classes,
    macroF1: total(classes.map(({ f1 }) => f1)) / numClasses,
    microF1: total(counts.map((ofClass, k) => ofClass[k]!)) / n,
  }
}

function scoresOf(right: number, { support, answered }: { support: number; answered: number }): ClassScores {
  const share = (of: number, outOf: number) => (outOf === 0 ? 0 : of / outOf)
  const missing = [
    ...(answered === 0 ? (['precision'] as const) : []),
    ...(support === 0 ? (['recall'] as const) : []),
    ...(answered + support === 0 ? (['f1'] as const) : []),
  ]
  return {
    precision: share(right, answered),
    recall: share(right, support),
    f1: share(2 * right, answered + support),
    undefined: missing,
    support,
  }
}

const total = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0)
