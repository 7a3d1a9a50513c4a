import { createHash } from 'node:crypto'
import { readDataset, type DataSchema, type Dataset } from '@panal/client-core'
import type { Examination } from './contract.ts'

/**
 * Reads a dataset under a schema and keeps what the rules of a task ask for. Time and memory grow with the file.
 * @throws PanalError 'invalid-dataset'
 */
export const examineDataset = (bytes: Uint8Array, data: DataSchema): Examination =>
  examine(readDataset(bytes, data), data)

/** Of a dataset that has been read. */
export const examine = (dataset: Dataset, data: DataSchema): Examination => ({
  numExamples: dataset.numExamples,
  columns: Object.keys(dataset.columns ?? {}),
  contents: BigUint64Array.from(new Set(contentKeys(dataset, data))).sort(),
})

/** One for each example, in their order. The label is no part of it: the same person with two outcomes is the same person. */
export function* contentKeys({ numExamples, x, columns }: Dataset, schema: DataSchema): Generator<bigint> {
  const width = x.length / Math.max(1, numExamples)
  const bytes = new Uint8Array(x.buffer, x.byteOffset, x.byteLength)
  const raw = schema.kind === 'table' ? schema.columns.map(({ name }) => columns?.[name]) : []
  const isTable = raw.length > 0 && !raw.includes(undefined)
  for (let i = 0; i < numExamples; i++) {
    // Raw values where there are any: encoding makes unlisted values alike.
    const content = isTable
      ? JSON.stringify(raw.map((values) => values?.[i]))
      : bytes.subarray(i * width * 4, (i + 1) * width * 4)
    yield createHash('sha256').update(content).digest().readBigUInt64LE()
  }
}
