import { tensorSize } from '../model/layout.ts'
import type { DataSchema } from '../protocol/data-schema.ts'
import type { Dataset } from './dataset.ts'
import { imageShape, readImageDataset } from './image-dataset.ts'
import { numFeatures } from './preprocess.ts'
import { decodeText, readTable, type ReadTableOptions } from './read-table.ts'

/** Shape of one example as the model sees it: [height, width, channels] or [numFeatures]. */
export const inputShape = (schema: DataSchema): readonly number[] =>
  schema.kind === 'image' ? imageShape(schema) : [numFeatures(schema)]

/**
 * A dataset file to examples: safetensors for images, UTF-8 CSV for tables.
 * @throws PanalError 'invalid-dataset' with every problem (the first 20) in `extra.errors`.
 */
export const readDataset = (bytes: Uint8Array, schema: DataSchema, options: ReadTableOptions = {}): Dataset =>
  schema.kind === 'image' ? readImageDataset(bytes, schema) : readTable(decodeText(bytes), schema, options)

/** The examples at `indices`, copied, in that order. @throws RangeError on an index outside the dataset. */
export function subset(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const width = tensorSize(dataset.inputShape)
  const x = new Float32Array(indices.length * width)
  const y = new Int32Array(indices.length)
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!
    if (!Number.isInteger(index) || index < 0 || index >= dataset.numExamples)
      throw new RangeError(`subset: index ${index} of ${dataset.numExamples} examples`)
    x.set(dataset.x.subarray(index * width, (index + 1) * width), i * width)
    y[i] = dataset.y[index]!
  }
  const { columns } = dataset
  return {
    numExamples: indices.length,
    inputShape: dataset.inputShape,
    x,
    y,
    ...(columns === undefined
      ? {}
      : {
          columns: Object.fromEntries(
            Object.entries(columns).map(([name, values]) => [
              name,
              Array.from({ length: indices.length }, (_, i) => values[indices[i]!]!),
            ]),
          ),
        }),
  }
}
