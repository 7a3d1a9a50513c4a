import { maskedCrc32c } from './crc32c.ts'
import { DataFileError } from './data-file-error.ts'

/** One record of a TFRecord file, and where it begins. */
export interface FramedRecord {
  /** A view of the file's bytes. */
  readonly data: Uint8Array
  /** Counts from 1. */
  readonly number: number
  readonly byteOffset: number
}

const headerLength = 12
const footerLength = 4

/**
 * The records of a TFRecord file, which TensorBoard's event files are as well: length (uint64), its masked CRC-32C, the data,
 * their masked CRC-32C; all little-endian. Source: tensorflow/core/lib/io/record_writer.h
 * @throws DataFileError 'malformed' | 'checksum', with the record and the byte at which it is
 */
export function* readRecords(bytes: Uint8Array, path: string): Generator<FramedRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  for (let number = 1; at < bytes.length; number++) {
    const fail = (code: 'malformed' | 'checksum', byteOffset: number, says: string) =>
      new DataFileError(code, path, says, { row: number, byteOffset })
    const cutShort = () =>
      fail('malformed', at, `the file ends within this record: ${bytes.length - at} bytes are left. Fetch it again`)
    if (bytes.length - at < headerLength) throw cutShort()
    if (view.getUint32(at + 8, true) !== maskedCrc32c(bytes.subarray(at, at + 8)))
      throw fail('checksum', at + 8, 'the checksum of the record’s length is wrong: it is damaged, or no TFRecord file')
    const length = Number(view.getBigUint64(at, true))
    const start = at + headerLength
    if (bytes.length - start < length + footerLength) throw cutShort()
    const data = bytes.subarray(start, start + length)
    if (view.getUint32(start + length, true) !== maskedCrc32c(data))
      throw fail(
        'checksum',
        start + length,
        'the checksum of the record’s data is wrong: the file is damaged. Fetch it again',
      )
    yield { data, number, byteOffset: at }
    at = start + length + footerLength
  }
}

/** One record as `readRecords` reads it. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const framed = new Uint8Array(headerLength + data.length + footerLength)
  const view = new DataView(framed.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, maskedCrc32c(framed.subarray(0, 8)), true)
  framed.set(data, headerLength)
  view.setUint32(headerLength + data.length, maskedCrc32c(data), true)
  return framed
}
