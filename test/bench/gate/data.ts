import { makeRng, uniformInt, type Rng } from '@panal/client-core'
import type { Examples, Predictions, SegmentColumn } from '@panal/server'

export const numExamples = 10_000
export const numClasses = 10
export const sliceRows = 100_000
export const sliceColumns = 15
export const sliceCardinality = 10
export const wideRows = 5000

/** Two models of `numClasses` classes, right in about nine of ten and alike in most of their answers, and their examples. */
export function twoModels(seed: string): { candidate: Predictions; champion: Predictions; columns: SegmentColumn[] } {
  const rng = makeRng(seed)
  const labels = Int32Array.from({ length: numExamples }, () => uniformInt(rng, numClasses))
  const shared = Float64Array.from({ length: numExamples * numClasses }, () => 1.2 * rng.normal())
  return {
    candidate: answers(labels, shared, rng),
    champion: answers(labels, shared, rng),
    columns: [2, 3, 5, 8, 10].map((cardinality, c) => ({
      name: `column${c}`,
      values: Array.from({ length: cardinality }, (_, code) => String(code)),
      codes: Int32Array.from({ length: numExamples }, () => uniformInt(rng, cardinality)),
    })),
  }
}

/** Softmax of logits that the two models have mostly in common. */
function answers(labels: Int32Array, shared: Float64Array, rng: Rng): Predictions {
  const probabilities = new Float32Array(shared.length)
  labels.forEach((label, row) => {
    const powers = Array.from({ length: numClasses }, (_, k) =>
      Math.exp(shared[row * numClasses + k]! + 0.5 * rng.normal() + (k === label ? 4 : 0)),
    )
    const total = powers.reduce((a, b) => a + b, 0)
    powers.forEach((power, k) => (probabilities[row * numClasses + k] = power / total))
  })
  return { probabilities, labels, numClasses }
}

/** Columns of ten even values; errors are mostly 0, and large where columns 2 and 7 are both low. */
export function sliceTable(seed: string) {
  const rng = makeRng(seed)
  const columns = Array.from({ length: sliceColumns }, () =>
    Int32Array.from({ length: sliceRows }, () => uniformInt(rng, sliceCardinality)),
  )
  const errors = Float64Array.from({ length: sliceRows }, (_, row) => {
    const isHot = columns[2]![row]! <= 1 && columns[7]![row]! <= 1
    return rng.uniform() < 0.3 ? -Math.log(1 - rng.uniform()) * (isHot ? 12 : 1) : 0
  })
  return { columns, cardinalities: columns.map(() => sliceCardinality), errors }
}

/** A hundred columns of two even values, and errors that no column explains: nothing can be left out of the search. */
export function wideSliceTable(seed: string) {
  const rng = makeRng(seed)
  const columns = Array.from({ length: 100 }, () => Int32Array.from({ length: wideRows }, () => uniformInt(rng, 2)))
  const errors = Float64Array.from({ length: wideRows }, () => (rng.uniform() < 0.1 ? -Math.log(1 - rng.uniform()) : 0))
  return { columns, cardinalities: columns.map(() => 2), errors }
}

export const sets = { evaluation: '1'.repeat(64), calibration: '2'.repeat(64), gate: '3'.repeat(64) }

/** Of one of the sets, which share no example. */
export function examplesOf(set: string, labels: Int32Array, columns: readonly SegmentColumn[]): Examples {
  const classes = Array.from({ length: numClasses }, (_, k) => String(k))
  return {
    numExamples: labels.length,
    datasetSha256: sets[set as keyof typeof sets],
    classes,
    labels,
    ids: Array.from(labels, (_, row) => `${set.slice(0, 4)}${row.toString(16).padStart(12, '0')}`),
    rows: Int32Array.from(labels.keys()),
    segments: [{ name: 'label', values: classes, codes: labels }, ...columns],
    profileSha256: 'f'.repeat(64),
  }
}
