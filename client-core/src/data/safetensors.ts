import { tensorSize } from '../model/layout.ts'
import { invalidDataset } from './problems.ts'

const dtypes = {
  U8: { bytesEach: 1, make: (b: ArrayBufferLike, offset: number, n: number) => new Uint8Array(b, offset, n) },
  I32: { bytesEach: 4, make: (b: ArrayBufferLike, offset: number, n: number) => new Int32Array(b, offset, n) },
  F32: { bytesEach: 4, make: (b: ArrayBufferLike, offset: number, n: number) => new Float32Array(b, offset, n) },
} as const
export type SafetensorsDtype = keyof typeof dtypes

export interface SafeTensor {
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  readonly values: Uint8Array | Int32Array | Float32Array
}

export interface Safetensors {
  readonly tensors: Readonly<Record<string, SafeTensor>>
  readonly metadata: Readonly<Record<string, string>>
}

const maxHeaderBytes = 1 << 20

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** Where one tensor lies. */
export interface SafetensorsEntry {
  readonly name: string
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  /** Its bytes in the data, which begin after the header. */
  readonly start: number
  readonly end: number
}

/** What a file says of itself before its data. */
export interface SafetensorsHeader {
  readonly tensors: readonly SafetensorsEntry[]
  readonly metadata: Readonly<Record<string, string>>
  /** Where the data begins in the file. */
  readonly dataStart: number
}

function readEntry(name: string, value: unknown): SafetensorsEntry {
  const fail = (what: string) => invalidDataset(`safetensors: tensor ${name}: ${what}`)
  if (!isRecord(value)) throw fail('is not an object')
  const { dtype, shape, data_offsets: offsets } = value
  if (typeof dtype !== 'string' || !Object.hasOwn(dtypes, dtype))
    throw fail(`dtype must be one of ${Object.keys(dtypes).join(', ')}`)
  if (!Array.isArray(shape) || !shape.every(isCount)) throw fail('shape must be a list of whole numbers')
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw fail('data_offsets must be two whole numbers')
  const [start, end] = offsets as [number, number]
  const entry = { name, dtype: dtype as SafetensorsDtype, shape: shape, start, end }
  const numBytes = tensorSize(entry.shape) * dtypes[entry.dtype].bytesEach
  if (end - start !== numBytes) throw fail(`has ${end - start} bytes where its shape and dtype need ${numBytes}`)
  return entry
}

/** Where the header ends, by the first eight bytes of a file; undefined when no file of this format begins so. */
export function safetensorsHeaderEnd(bytes: Uint8Array): number | undefined {
  if (bytes.length < 8) return undefined
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true)
  return headerBytes > BigInt(maxHeaderBytes) ? undefined : 8 + Number(headerBytes)
}

function parseHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8) throw invalidDataset('safetensors: shorter than its 8-byte length field')
  const dataStart = safetensorsHeaderEnd(bytes)
  if (dataStart === undefined || dataStart > bytes.length)
    throw invalidDataset('safetensors: the header is longer than the file or than 1 MiB')
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataStart)))
  } catch (cause) {
    throw invalidDataset('safetensors: the header is not JSON', cause)
  }
  if (!isRecord(header)) throw invalidDataset('safetensors: the header is not a JSON object')
  return { header, dataStart }
}

/**
 * Reads and checks the header alone: `bytes` is the beginning of a file of `numBytes`, and has all of the header.
 * @throws PanalError 'invalid-dataset'
 */
export function readSafetensorsHeader(bytes: Uint8Array, numBytes = bytes.length): SafetensorsHeader {
  const { header, dataStart } = parseHeader(bytes)
  const { __metadata__: metadata = {}, ...rest } = header
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string'))
    throw invalidDataset('safetensors: __metadata__ must map strings to strings')
  const tensors = Object.entries(rest).map(([name, value]) => readEntry(name, value))
  let position = 0
  for (const { name, start, end } of [...tensors].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== position) throw invalidDataset(`safetensors: a gap or an overlap before tensor ${name}`)
    position = end
  }
  if (dataStart + position !== numBytes)
    throw invalidDataset(`safetensors: ${numBytes - dataStart} bytes of data where the header lists ${position}`)
  return { tensors, metadata: metadata as Record<string, string>, dataStart }
}

/**
 * Reads the safetensors format, tensors of U8, I32 and F32 only. Values are views of `bytes` where they are aligned
 * there, copies elsewhere. Strict: the tensors must cover the data without gap or overlap, as the format demands.
 * @throws PanalError 'invalid-dataset'.   Source: https://github.com/huggingface/safetensors#format
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const { tensors: entries, metadata, dataStart } = readSafetensorsHeader(bytes)
  const tensors = entries.map(({ name, dtype, shape, start, end }): [string, SafeTensor] => {
    const { bytesEach, make } = dtypes[dtype]
    const at = bytes.byteOffset + dataStart + start
    const n = (end - start) / bytesEach
    if (at % bytesEach === 0) return [name, { dtype, shape, values: make(bytes.buffer, at, n) }]
    const copy = new Uint8Array(bytes.subarray(dataStart + start, dataStart + end))
    return [name, { dtype, shape, values: make(copy.buffer, 0, n) }]
  })
  return { tensors: Object.fromEntries(tensors), metadata }
}

/**
 * The same tensors and metadata always give the same bytes: tensors lie by alignment, then by name, and the header is
 * padded with spaces so that every tensor is aligned when the file is read into aligned memory.
 * @throws RangeError when a tensor's values do not fit its shape.
 */
export function writeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const order = Object.entries(tensors).sort(
    ([aName, a], [bName, b]) =>
      dtypes[b.dtype].bytesEach - dtypes[a.dtype].bytesEach || (aName < bName ? -1 : aName > bName ? 1 : 0),
  )
  const header: Record<string, unknown> = {}
  if (Object.keys(metadata).length > 0)
    header.__metadata__ = Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)))
  let size = 0
  for (const [name, { dtype, shape, values }] of order) {
    if (values.length !== tensorSize(shape) || values.BYTES_PER_ELEMENT !== dtypes[dtype].bytesEach)
      throw new RangeError(`safetensors: tensor ${name} has ${values.length} values for shape [${shape.join(', ')}]`)
    header[name] = { dtype, shape, data_offsets: [size, size + values.byteLength] }
    size += values.byteLength
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const dataStart = 8 + Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(dataStart + size).fill(0x20, 8, dataStart)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - 8), true)
  bytes.set(json, 8)
  let offset = dataStart
  for (const [, { values }] of order) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset)
    offset += values.byteLength
  }
  return bytes
}
