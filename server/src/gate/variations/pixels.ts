import type { DataSchema, Dataset, ImageSchema, Rng } from '@panal/client-core'
import { policy } from '../../policy.ts'
import { when } from '../../registry/document-errors.ts'
import { atSeverity, Severity, type BySeverity, type DatasetVariation, type VaryingExamples } from './variation.ts'

/**
 * Writes the varied image into `to`. Both are [height, width, channels], row-major, in bytes: 0 to 255. What is written
 * is rounded, and cut off at both ends, by the array itself.
 */
export type PixelChange = (from: Float32Array, to: Uint8ClampedArray, rng: Rng) => void

/** A perturbation of images: how harsh it is at each severity, and what an image of the task then becomes. */
export const imagePerturbation = (
  harshness: BySeverity,
  changeOf: (harshness: number, image: ImageSchema) => PixelChange,
) =>
  policy({
    options: { severity: Severity },
    misfits: (_, { data }) => when(data.kind !== 'image', '/name', 'is for images'),
    make: ({ severity }): DatasetVariation => ({
      vary: (examples, schema, rng) =>
        varyImages(examples, schema, { rng, changeOf: (image) => changeOf(atSeverity(harshness, severity), image) }),
    }),
  })

/** Every image, each with a stream of chance of its own, by its name. What comes out are bytes again, as a camera sends them. */
function varyImages(
  { dataset, ids }: VaryingExamples,
  schema: DataSchema,
  { rng, changeOf }: { rng: Rng; changeOf: (image: ImageSchema) => PixelChange },
): Dataset {
  if (schema.kind !== 'image') throw new Error('a variation of images was asked to vary a table')
  const { scale } = schema
  const before = dataset.x
  // Nothing to see, before and after.
  if (scale === 0) return dataset
  const change = changeOf(schema)
  const width = schema.height * schema.width * schema.channels
  const [from, to] = [new Float32Array(width), new Uint8ClampedArray(width)]
  const bytes = bytesOf(before, scale)
  const scaled = Float32Array.from({ length: 256 }, (_, byte) => byte * scale)
  const x = new Float32Array(before.length)
  ids.forEach((id, row) => {
    const start = row * width
    from.set(bytes.subarray(start, start + width))
    change(from, to, rng.fork(id))
    rescale(to, scaled, x.subarray(start, start + width))
  })
  return { ...dataset, x }
}

/** Of the images that were varied last: a gate varies the same ones a dozen times. */
const known = new WeakMap<Float32Array, Uint8Array>()

/** What is read is a byte × scale: half a byte more, cut off, is the nearest one. An array of images has one scale. */
function bytesOf(x: Float32Array, scale: number): Uint8Array {
  const found = known.get(x)
  if (found !== undefined) return found
  const bytes = new Uint8Array(x.length)
  const inverse = 1 / scale
  for (let i = 0; i < x.length; i++) bytes[i] = (x[i]! * inverse + 0.5) | 0
  known.set(x, bytes)
  return bytes
}

/** An own function, so that its loop is compiled once. */
function rescale(to: Uint8ClampedArray, scaled: Float32Array, x: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = scaled[to[i]!]!
}

/** Where every pixel of an image comes from: four pixels of the original, and how much of each. */
export interface Resampling {
  /** [height · width · 4] of pixels. */
  readonly sources: Int32Array
  readonly weights: Float32Array
}

/**
 * The pixel at (row, column) comes from the place that `place` names, fractions included. Between pixels it is interpolated
 * in both directions; beyond the edge it is what is at the edge.
 */
export function resamplingOf(
  { height, width }: ImageSchema,
  place: (row: number, column: number) => readonly [number, number],
): Resampling {
  const sources = new Int32Array(height * width * 4)
  const weights = new Float32Array(height * width * 4)
  const at = (row: number, column: number): number =>
    Math.min(Math.max(row, 0), height - 1) * width + Math.min(Math.max(column, 0), width - 1)
  for (let pixel = 0; pixel < height * width; pixel++) {
    const [y, x] = place(Math.floor(pixel / width), pixel % width)
    const [top, left] = [Math.floor(y), Math.floor(x)]
    const [down, right] = [y - top, x - left]
    sources.set([at(top, left), at(top, left + 1), at(top + 1, left), at(top + 1, left + 1)], 4 * pixel)
    weights.set([(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right], 4 * pixel)
  }
  return { sources, weights }
}

export function resample(
  { sources, weights }: Resampling,
  { from, to, channels }: { from: Float32Array; to: Uint8ClampedArray; channels: number },
): void {
  for (let i = 0, next = 0; i < sources.length; i += 4)
    for (let channel = 0; channel < channels; channel++)
      to[next++] =
        weights[i]! * from[sources[i]! * channels + channel]! +
        weights[i + 1]! * from[sources[i + 1]! * channels + channel]! +
        weights[i + 2]! * from[sources[i + 2]! * channels + channel]! +
        weights[i + 3]! * from[sources[i + 3]! * channels + channel]!
}
