import { PbfReader } from 'pbf'
import { DataFileError, messageOf } from './data-file-error.ts'
import type { RawTable } from './raw-table.ts'
import { readDataFile } from './read-data-file.ts'
import { readRecords } from './record-framing.ts'

/** The value of one feature: a list, or what is in it where it has one element only. */
export type FeatureValue = Uint8Array | number | readonly Uint8Array[] | readonly number[]

/**
 * A TFRecord file of tf.Example records. A feature is a column; a feature that an example lacks is missing there. Every
 * checksum is compared. int64 beyond 2^53 lose their last digits.
 * Source: tensorflow/core/example/{example,feature}.proto
 */
export async function readTfRecordTable(path: string, signal?: AbortSignal): Promise<RawTable> {
  const { bytes, sha256 } = await readDataFile(path, signal)
  const columns = new Map<string, unknown[]>()
  let numRows = 0
  for (const { data, number, byteOffset } of readRecords(bytes, path)) {
    let features: Map<string, FeatureValue>
    try {
      features = parseExample(data)
    } catch (cause) {
      throw new DataFileError('malformed', path, `the record is no tf.Example (${messageOf(cause)})`, {
        cause,
        row: number,
        byteOffset,
      })
    }
    for (const [name, value] of features) {
      const column = columns.get(name) ?? []
      columns.set(name, column)
      while (column.length < numRows) column.push(undefined)
      column.push(value)
    }
    numRows++
  }
  for (const column of columns.values()) while (column.length < numRows) column.push(undefined)
  return { path, sha256, numRows, columns, rowOf: (index) => index + 1 }
}

/** @throws Error where the bytes are no such message */
export function parseExample(data: Uint8Array): Map<string, FeatureValue> {
  const features = new Map<string, FeatureValue>()
  const pbf = new PbfReader(data)
  pbf.readFields((tag) => {
    if (tag === 1) pbf.readMessage(readFeatures, features)
  }, features)
  // A length that points behind the end leaves the reader there.
  if (pbf.pos !== data.length) throw new Error(`a field ends at byte ${pbf.pos} of ${data.length}`)
  return features
}

function readFeatures(tag: number, features: Map<string, FeatureValue>, pbf: PbfReader): void {
  if (tag !== 1) return
  const entry: { key: string; value?: FeatureValue } = { key: '' }
  pbf.readMessage(readEntry, entry)
  if (entry.value !== undefined) features.set(entry.key, entry.value)
}

function readEntry(tag: number, entry: { key: string; value?: FeatureValue }, pbf: PbfReader): void {
  if (tag === 1) entry.key = pbf.readString()
  else if (tag === 2) {
    const value = pbf.readMessage(readFeature, { list: undefined as List | undefined }).list
    if (value !== undefined && value.length > 0) entry.value = value.length === 1 ? value[0]! : value
  }
}

type List = Uint8Array[] | number[]

function readFeature(tag: number, feature: { list: List | undefined }, pbf: PbfReader): void {
  if (tag === 1)
    feature.list = pbf.readMessage((field, list) => field === 1 && list.push(pbf.readBytes()), [] as Uint8Array[])
  else if (tag === 2)
    feature.list = pbf.readMessage((field, list) => field === 1 && pbf.readPackedFloat(list), [] as number[])
  else if (tag === 3)
    feature.list = pbf.readMessage((field, list) => field === 1 && pbf.readPackedVarint(list, true), [] as number[])
}
