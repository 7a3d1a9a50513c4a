import { subset, type DataSchema, type Dataset } from '@panal/client-core'
import { contentKeys } from './examine-dataset.ts'

/** A dataset sorted by the content of its examples, and what each one is called. */
export interface OrderedDataset {
  readonly dataset: Dataset
  /** [numExamples] 16 hex digits, rising. */
  readonly ids: readonly string[]
  /** [numExamples] where the file has it. */
  readonly rows: Int32Array
}

/**
 * By content digest, then by label; examples alike in both are interchangeable. Two files with the same examples in
 * another order give the same dataset. Copies the examples.
 */
export function inCanonicalOrder(dataset: Dataset, schema: DataSchema): OrderedDataset {
  const keys = BigUint64Array.from(contentKeys(dataset, schema))
  // Numbers compare many times faster than bigints do. The low half of a little-endian key comes first.
  const halves = new Uint32Array(new BigUint64Array(keys).buffer)
  const rows = Int32Array.from(keys.keys()).sort(
    (a, b) =>
      halves[2 * a + 1]! - halves[2 * b + 1]! ||
      halves[2 * a]! - halves[2 * b]! ||
      dataset.y[a]! - dataset.y[b]! ||
      a - b,
  )
  const ids = Array.from(rows, (row) => keys[row]!.toString(16).padStart(16, '0'))
  return { dataset: subset(dataset, rows), ids, rows }
}
