import { basename, isAbsolute } from 'node:path'
import { Type } from 'typebox'
import type { Dataset } from '@panal/client-core'
import { DataFileError } from './data-file-error.ts'
import { dataPolicy, FilePath, inFolder, type DataSource, type LoadContext } from './data-source.ts'
import { readIdx, readIdxArray } from './idx.ts'
import { readDataFile } from './read-data-file.ts'
import { schemaOf } from './schema-of.ts'
import { toFloats } from './to-floats.ts'

const Pair = Type.Object({ x: FilePath, y: FilePath }, { additionalProperties: false })

/** Files in the format of MNIST: examples of any type and shape, and bytes as labels. Images get one channel; bytes become 0 to 1. */
export const idx = dataPolicy({
  options: {
    train: Pair,
    test: Pair,
    classes: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 2, uniqueItems: true })),
  },
  make: ({ train, test, classes }): DataSource => ({
    name: 'idx',
    load: (context) => loadIdxPairs({ train, test, ...(classes === undefined ? {} : { classes }) }, context),
  }),
})

export interface IdxPairs {
  readonly train: { readonly x: string; readonly y: string }
  readonly test: { readonly x: string; readonly y: string }
  /** Numbers up to the greatest label without it. */
  readonly classes?: readonly string[]
}

export async function loadIdxPairs({ train, test, classes: named }: IdxPairs, context: LoadContext) {
  const [trained, tested] = [await readPair(train, context), await readPair(test, context)]
  const numClasses = Math.max(
    ...[trained, tested].map(({ dataset }) => 1 + dataset.y.reduce((a, b) => Math.max(a, b), 0)),
  )
  const classes = named ?? Array.from({ length: numClasses }, (_, label) => String(label))
  for (const { dataset, path } of [trained, tested]) {
    const at = dataset.y.findIndex((label) => label >= classes.length)
    if (at >= 0)
      throw new DataFileError(
        'unknown-label',
        path,
        `label ${dataset.y[at]} where there are ${classes.length} classes`,
        {
          row: at + 1,
        },
      )
  }
  if (String(trained.dataset.inputShape) !== String(tested.dataset.inputShape))
    throw new DataFileError(
      'uneven-examples',
      inFolder(context, test.x),
      `examples of [${tested.dataset.inputShape.join(', ')}] where those to train on have [${trained.dataset.inputShape.join(', ')}]`,
    )
  return {
    train: trained.dataset,
    test: tested.dataset,
    schema: schemaOf(trained.dataset.inputShape, classes),
    classes,
    digests: [...trained.digests, ...tested.digests],
  }
}

async function readPair({ x, y }: IdxPairs['train'], context: LoadContext) {
  const [xPath, yPath] = [inFolder(context, x), inFolder(context, y)]
  const [xFile, yFile] = [await readDataFile(xPath, context.signal), await readDataFile(yPath, context.signal)]
  const examples = readIdxArray(xFile.bytes, xPath)
  const labels = readIdx(yFile.bytes, 1, yPath)
  const [numExamples = 0, ...shape] = examples.shape
  if (numExamples !== labels.values.length)
    throw new DataFileError(
      'malformed',
      yPath,
      `${labels.values.length} labels for the ${numExamples} examples of ${xPath}`,
    )
  const scale = examples.values instanceof Uint8Array ? 1 / 255 : 1
  const dataset: Dataset = {
    numExamples,
    inputShape: shape.length === 2 ? [...shape, 1] : shape.length === 0 ? [1] : shape,
    x: toFloats(examples.values, scale),
    y: Int32Array.from(labels.values),
  }
  return {
    dataset,
    path: yPath,
    digests: [
      { name: shown(x), sha256: xFile.sha256 },
      { name: shown(y), sha256: yFile.sha256 },
    ],
  }
}

/** A record of a run says nothing of the machine’s folders. */
const shown = (path: string): string => (isAbsolute(path) ? basename(path) : path)
