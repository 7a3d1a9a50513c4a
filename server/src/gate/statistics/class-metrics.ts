import type { Predictions } from '../contract.ts'
import { predictedClasses } from './accuracy.ts'
import { bootstrap, type Bootstrap, type BootstrapOptions } from './bootstrap.ts'
import { cellUnits } from './resampling.ts'

/** What labels and answers alone decide. Every one is a plain mean over the *declared* classes, or over the examples. */
export type ClassMetric = 'accuracy' | 'balancedAccuracy' | 'macroF1'

export interface ClassMetricOptions extends BootstrapOptions {
  /** Which examples; all of them where absent. */
  readonly rows?: ArrayLike<number>
  /** [numExamples] the client of each example, where they came in clusters: these are drawn then. */
  readonly clusters?: ArrayLike<number>
}

/**
 * Bootstrap of a metric of one model, or of candidate − reference where both are given, on the very same draws: paired.
 * 0/0 counts as 0, a class that no example has included. Undefined with fewer than two examples (or clusters).
 */
export function bootstrapClassMetric(
  metric: ClassMetric,
  { candidate, reference }: { readonly candidate: Predictions; readonly reference?: Predictions },
  { rows, clusters, ...options }: ClassMetricOptions,
): Bootstrap | undefined {
  const { labels, numClasses } = candidate
  const pick = (values: ArrayLike<number>): ArrayLike<number> =>
    rows === undefined ? values : Float64Array.from(rows, (row) => values[row]!)
  const answers = [candidate, ...(reference === undefined ? [] : [reference])].map(predictedClasses)
  const { cells, outcomes } = cellsOf([labels, ...answers].map(pick), numClasses)
  const scored = answers.map((_, model) => {
    const of = scorer(metric, numClasses)
    return (counts: Float64Array) => {
      counts.forEach((count, cell) => of.add(outcomes[cell]![0]!, outcomes[cell]![model + 1]!, count))
      return of.take()
    }
  })
  const value = (counts: Float64Array) => scored[0]!(counts) - (scored[1]?.(counts) ?? 0)
  return bootstrap(cellUnits(cells, outcomes.length, clusters && pick(clusters)), value, options)
}

/** Numbers the distinct (label, answer, other answer) in rising order: the examples' order cannot matter. */
function cellsOf(
  columns: readonly ArrayLike<number>[],
  numClasses: number,
): { cells: Int32Array; outcomes: number[][] } {
  const codes = Float64Array.from({ length: columns[0]!.length }, (_, i) =>
    columns.reduce((code, column) => code * numClasses + column[i]!, 0),
  )
  const distinct = [...new Set(codes)].sort((a, b) => a - b)
  const cellOf = new Map(distinct.map((code, cell) => [code, cell]))
  const outcomes = distinct.map((code) =>
    columns.map((_, at) => Math.floor(code / numClasses ** (columns.length - 1 - at)) % numClasses),
  )
  return { cells: Int32Array.from(codes, (code) => cellOf.get(code)!), outcomes }
}

/** Adds up weighted answers, then gives the metric and starts anew. */
function scorer(metric: ClassMetric, numClasses: number) {
  const right = new Float64Array(numClasses)
  const support = new Float64Array(numClasses)
  const answered = new Float64Array(numClasses)
  const overClasses = {
    balancedAccuracy: (k: number) => (support[k] === 0 ? 0 : right[k]! / support[k]!),
    macroF1: (k: number) => (right[k] === 0 ? 0 : (2 * right[k]!) / (support[k]! + answered[k]!)),
  }
  const total = (of: (k: number) => number) => right.reduce((sum, _, k) => sum + of(k), 0)
  return {
    add(label: number, answer: number, count: number): void {
      support[label]! += count
      answered[answer]! += count
      if (label === answer) right[label]! += count
    },
    take(): number {
      const value =
        metric === 'accuracy'
          ? total((k) => right[k]!) / total((k) => support[k]!)
          : total(overClasses[metric]) / numClasses
      for (const counts of [right, support, answered]) counts.fill(0)
      return value
    },
  }
}
