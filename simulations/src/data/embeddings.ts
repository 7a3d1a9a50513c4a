import { readSafetensors, writeSafetensors, PanalError, type Dataset, type Safetensors } from '@panal/client-core'
import { DataFileError, messageOf } from './data-file-error.ts'
import { dataPolicy, FilePath, inFolder, type DataSource, type LoadedData } from './data-source.ts'
import { readDataFile } from './read-data-file.ts'
import { schemaOf } from './schema-of.ts'
import { assertSome } from './train-and-test.ts'

const tensorNames = ['train_x', 'train_y', 'test_x', 'test_y'] as const

/**
 * Features that a frozen model made, as a safetensors file: `train_x` and `test_x` F32 [n, features], `train_y` and `test_y` I32
 * [n], the classes as JSON in the metadata. The same features give the same bytes. Columns are left out.
 * @param of what made them, for whoever finds the file: the model's digest, the layer, the data
 */
export function writeEmbeddings(
  { train, test, classes }: Omit<LoadedData, 'digests' | 'schema'>,
  of: Readonly<Record<string, string>>,
): Uint8Array {
  const pair = (name: 'train' | 'test', { numExamples, inputShape, x, y }: Dataset) => ({
    [`${name}_x`]: { dtype: 'F32' as const, shape: [numExamples, ...inputShape], values: x },
    [`${name}_y`]: { dtype: 'I32' as const, shape: [numExamples], values: y },
  })
  return writeSafetensors({
    tensors: { ...pair('train', train), ...pair('test', test) },
    metadata: { ...of, classes: JSON.stringify(classes) },
  })
}

/** Embeddings that were computed before: see `writeEmbeddings`. */
export const embeddings = dataPolicy({
  options: { path: FilePath },
  make: ({ path: given }): DataSource => ({
    name: 'embeddings',
    async load(context) {
      const path = inFolder(context, given)
      const { bytes, sha256 } = await readDataFile(path, context.signal)
      const file = parse(bytes, path)
      const classes = classesIn(file, path)
      const read = (name: 'train' | 'test') => datasetOf(file, name, { path, numClasses: classes.length })
      const [train, test] = [read('train'), read('test')]
      return { train, test, schema: schemaOf(train.inputShape, classes), classes, digests: [{ name: given, sha256 }] }
    },
  }),
})

function parse(bytes: Uint8Array, path: string): Safetensors {
  try {
    return readSafetensors(bytes)
  } catch (cause) {
    if (!(cause instanceof PanalError)) throw cause
    throw new DataFileError('malformed', path, `${messageOf(cause)}. Compute the embeddings again`, { cause })
  }
}

function classesIn({ tensors, metadata }: Safetensors, path: string): string[] {
  const missing = tensorNames.find((name) => tensors[name] === undefined)
  if (missing !== undefined)
    throw new DataFileError('unknown-column', path, `there is no tensor ${missing}. Compute the embeddings again`)
  let classes: unknown
  try {
    classes = JSON.parse(metadata['classes'] ?? 'null')
  } catch {
    classes = null
  }
  if (!Array.isArray(classes) || !classes.every((name) => typeof name === 'string'))
    throw new DataFileError('malformed', path, 'its metadata have no list of classes. Compute the embeddings again')
  return classes
}

function datasetOf(
  { tensors }: Safetensors,
  name: 'train' | 'test',
  { path, numClasses }: { path: string; numClasses: number },
): Dataset {
  const [x, y] = [tensors[`${name}_x`]!, tensors[`${name}_y`]!]
  if (!(
    x.values instanceof Float32Array &&
    x.shape.length === 2 &&
    y.values instanceof Int32Array &&
    y.shape.length === 1
  ))
    throw new DataFileError('malformed', path, `${name}_x must be F32 [n, features], and ${name}_y I32 [n]`)
  if (x.shape[0] !== y.shape[0])
    throw new DataFileError('malformed', path, `${name}_x has ${x.shape[0]!} examples, ${name}_y ${y.shape[0]!}`)
  const wrong = y.values.findIndex((label) => label < 0 || label >= numClasses)
  if (wrong >= 0)
    throw new DataFileError(
      'unknown-label',
      path,
      `label ${y.values[wrong]!} of ${name} is none of ${numClasses} classes`,
      { row: wrong + 1 },
    )
  const dataset = { numExamples: y.shape[0]!, inputShape: [x.shape[1]!], x: x.values, y: y.values }
  assertSome(dataset, path)
  return dataset
}
