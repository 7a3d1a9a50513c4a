import { tensorSize } from '../model/layout.ts'
import type { ImageSchema } from '../protocol/data-schema.ts'
import type { Dataset } from './dataset.ts'
import { DataProblems, invalidDataset } from './problems.ts'
import { readSafetensors, writeSafetensors, type SafeTensor } from './safetensors.ts'

/** [height, width, channels] */
export const imageShape = ({ height, width, channels }: ImageSchema): readonly number[] => [height, width, channels]

/** Pixel bytes, row-major, to model inputs: each byte × `schema.scale`. */
export function scalePixels(pixels: Uint8Array, schema: ImageSchema): Float32Array {
  const x = new Float32Array(pixels.length)
  // 256 possible values: a table is faster than a multiplication with its conversion, and just as exact.
  const scaled = Float32Array.from({ length: 256 }, (_, byte) => byte * schema.scale)
  for (let i = 0; i < pixels.length; i++) x[i] = scaled[pixels[i]!]!
  return x
}

/**
 * Reads a safetensors file with `x` U8 [n, height, width, channels] and `y` U8 or I32 [n].
 * @throws PanalError 'invalid-dataset' with every shape problem and the first labels that are no class.
 */
export function readImageDataset(bytes: Uint8Array, schema: ImageSchema): Dataset {
  const { x, y } = readSafetensors(bytes).tensors
  const problems = new DataProblems()
  const expected = imageShape(schema)
  const fits = (tensor: SafeTensor | undefined): tensor is SafeTensor =>
    tensor?.dtype === 'U8' && tensor.shape.length === 4 && expected.every((length, i) => tensor.shape[i + 1] === length)
  if (!fits(x)) problems.add({ column: 'x', message: `must be U8 [n, ${expected.join(', ')}]` })
  if (y === undefined || y.dtype === 'F32' || y.shape.length !== 1)
    problems.add({ column: 'y', message: 'must be U8 or I32 [n]' })
  else if (x !== undefined && x.shape[0] !== y.shape[0])
    problems.add({ column: 'y', message: 'must have one label for each image of x' })
  else
    y.values.forEach((label, index) => {
      if (!(label >= 0 && label < schema.classes.length))
        problems.add({ row: index + 1, column: 'y', message: `the label is not in 0…${schema.classes.length - 1}` })
    })
  problems.throwIfAny()
  if (x!.shape[0] === 0) throw invalidDataset('the dataset has no examples')
  return {
    numExamples: x!.shape[0]!,
    inputShape: expected,
    x: scalePixels(x!.values as Uint8Array, schema),
    y: Int32Array.from(y!.values),
  }
}

/**
 * The file that `readImageDataset` reads. `pixels` is [labels.length, height, width, channels], row-major.
 * The same images give the same bytes, and so the same digest. @throws RangeError on lengths that do not fit.
 */
export function writeImageDataset(
  pixels: Uint8Array,
  labels: ArrayLike<number>,
  schema: ImageSchema,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const shape = [labels.length, ...imageShape(schema)]
  if (pixels.length !== tensorSize(shape))
    throw new RangeError(
      `image dataset: ${pixels.length} pixels where [${shape.join(', ')}] needs ${tensorSize(shape)}`,
    )
  const y: SafeTensor =
    schema.classes.length <= 256
      ? { dtype: 'U8', shape: [labels.length], values: Uint8Array.from(labels) }
      : { dtype: 'I32', shape: [labels.length], values: Int32Array.from(labels) }
  return writeSafetensors({ tensors: { x: { dtype: 'U8', shape, values: pixels }, y }, metadata })
}
