import { Type, type Static } from 'typebox'
import { subset, type Column, type Dataset } from '@panal/client-core'
import { DataFileError } from './data-file-error.ts'
import { dataPolicy, FilePath, inFolder, type DataSource, type LoadContext } from './data-source.ts'
import { decodeImages } from './decode-images.ts'
import { encodeColumns, fitColumns } from './examples-from-columns.ts'
import { encodeLists } from './examples-from-lists.ts'
import type { PixelShape } from './image-pixels.ts'
import { classesOf, classIndices, columnOf, labelsOf } from './labels.ts'
import { cellBytes, cellText, type RawTable, type ReadTable } from './raw-table.ts'
import { schemaOf } from './schema-of.ts'
import { assertOneTest, assertSome, splitRows } from './train-and-test.ts'
import { toFloats } from './to-floats.ts'

const Length = Type.Integer({ minimum: 1, maximum: 4096 })
const Name = Type.String({ minLength: 1 })
const closed = { additionalProperties: false }

/** Which columns are the examples, and as what. */
const Features = Type.Union([
  Type.Object(
    { kind: Type.Literal('columns'), columns: Type.Optional(Type.Array(Name, { minItems: 1, uniqueItems: true })) },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('list'),
      column: Name,
      shape: Type.Optional(Type.Array(Length, { minItems: 1 })),
      scale: Type.Optional(Type.Number()),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('image'),
      column: Name,
      height: Length,
      width: Length,
      channels: Type.Union([Type.Literal(1), Type.Literal(3)]),
    },
    closed,
  ),
])
type Features = Static<typeof Features>

const options = {
  train: FilePath,
  test: Type.Optional(FilePath),
  testShare: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 })),
  label: Name,
  /** All classes in their order; those that occur without it. */
  classes: Type.Optional(Type.Array(Name, { minItems: 2, uniqueItems: true })),
  /** All other columns, as numbers, without it. */
  features: Type.Optional(Features),
}

/**
 * Examples from a table of some format, a row each. Features are columns, a list in one column, or an encoded image in one
 * column (0 to 255 become 0 to 1). The columns stay beside the examples as text, so that a partition may go by one of them.
 */
export const tableSource = (name: string, readTable: ReadTable) =>
  dataPolicy({
    options,
    make: ({ train: trainPath, test: testPath, testShare, label, classes: named, features }): DataSource => ({
      name,
      async load(context) {
        assertOneTest(trainPath, { test: testPath, testShare })
        const read = async (path: string) => withRows(await readTable(inFolder(context, path), context.signal))
        const table = await read(trainPath)
        const testTable = testPath === undefined ? undefined : await read(testPath)
        const classes = named ?? classesOf(labelsOf(table, label))
        const rows =
          testTable === undefined
            ? splitRows(table.numRows, testShare!, { rng: context.rng, path: table.path })
            : { train: allRows(table), test: allRows(testTable) }
        const { encode, columns } = encoder({ table, rows: rows.train, label, classes, features }, context)
        const encoded = await encode(table)
        const tested = testTable === undefined ? encoded : await encode(testTable)
        if (String(encoded.inputShape) !== String(tested.inputShape))
          throw new DataFileError(
            'uneven-examples',
            (testTable ?? table).path,
            `examples of [${tested.inputShape.join(', ')}] where those to train on have [${encoded.inputShape.join(', ')}]`,
          )
        return {
          train: subset(encoded, rows.train),
          test: subset(tested, rows.test),
          schema:
            columns === undefined
              ? schemaOf(encoded.inputShape, classes)
              : { kind: 'table', columns: [...columns], label: { column: label }, classes: [...classes] },
          classes,
          digests: [
            { name: trainPath, sha256: table.sha256 },
            ...(testTable === undefined ? [] : [{ name: testPath!, sha256: testTable.sha256 }]),
          ],
        }
      },
    }),
  })

const allRows = ({ numRows }: RawTable): Int32Array => Int32Array.from({ length: numRows }, (_, row) => row)

function withRows(table: RawTable): RawTable {
  assertSome({ numExamples: table.numRows }, table.path)
  return table
}

interface Fit {
  readonly table: RawTable
  /** The training rows. */
  readonly rows: Int32Array
  readonly label: string
  readonly classes: readonly string[]
  readonly features: Features | undefined
}

/** Tables to examples, by what the training rows of the first say. */
interface Encoder {
  readonly encode: (table: RawTable) => Promise<Dataset>
  /** How columns became numbers; absent where lists and images are numbers already. */
  readonly columns?: readonly Column[]
}

function encoder(fit: Fit, context: LoadContext): Encoder {
  const { label, classes } = fit
  const { encodeFeatures, columns } = featureEncoder(fit, context)
  return {
    ...(columns === undefined ? {} : { columns }),
    encode: async (table) => {
      const y = classIndices(labelsOf(table, label), classes, { table, column: label })
      const { x, inputShape } = await encodeFeatures(table)
      return { numExamples: table.numRows, inputShape, x, y, columns: textColumns(table) }
    },
  }
}

interface FeatureEncoder extends Pick<Encoder, 'columns'> {
  readonly encodeFeatures: (table: RawTable) => Promise<Pick<Dataset, 'x' | 'inputShape'>>
}

function featureEncoder(
  { table, rows, label, features = { kind: 'columns' } }: Fit,
  context: LoadContext,
): FeatureEncoder {
  if (features.kind === 'image') return { encodeFeatures: (each) => encodeImages(each, features, context) }
  if (features.kind === 'list') return { encodeFeatures: async (each) => encodeLists(each, features) }
  const names = features.columns ?? [...table.columns.keys()].filter((name) => name !== label)
  const columns = fitColumns(table, names, rows)
  return { columns, encodeFeatures: async (each) => encodeColumns(each, columns) }
}

async function encodeImages(table: RawTable, shape: PixelShape & { readonly column: string }, context: LoadContext) {
  const { column: name, height, width, channels } = shape
  const sources = Array.from(columnOf(table, name), (cell, index) => {
    const row = table.rowOf(index)
    return {
      path: table.path,
      row,
      read: async () => {
        const bytes = cellBytes(cell)
        if (bytes === undefined)
          throw new DataFileError('bad-cell', table.path, 'there are no bytes of an image', { row, column: name })
        return bytes
      },
    }
  })
  const pixels = await decodeImages(sources, shape, context)
  return { x: toFloats(pixels, 1 / 255), inputShape: [height, width, channels] }
}

/** Those whose every cell is text, a number or missing. */
function textColumns(table: RawTable): Record<string, readonly string[]> {
  const columns = [...table.columns].flatMap(([name, cells]): [string, string[]][] => {
    const texts: string[] = []
    for (let row = 0; row < table.numRows; row++) {
      const text = cellText(cells[row])
      if (text === undefined) return []
      texts.push(text)
    }
    return [[name, texts]]
  })
  return Object.fromEntries(columns)
}
