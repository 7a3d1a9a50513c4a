import { readdir, readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join, relative } from 'node:path'
import { Type } from 'typebox'
import type { Dataset } from '@panal/client-core'
import { DataFileError } from './data-file-error.ts'
import { dataPolicy, FilePath, inFolder, type DataSource, type LoadContext } from './data-source.ts'
import { decodeImages } from './decode-images.ts'
import type { PixelShape } from './image-pixels.ts'
import { unreadable } from './read-data-file.ts'
import { schemaOf } from './schema-of.ts'
import { assertOneTest, assertSome, splitDataset } from './train-and-test.ts'
import { toFloats } from './to-floats.ts'

const isImage = (name: string): boolean => /\.(png|jpe?g)$/i.test(name)
/** Left by file managers. */
const isHidden = (name: string): boolean => name.startsWith('.')
const Length = Type.Integer({ minimum: 1, maximum: 4096 })

/**
 * A folder for each class, with PNG and JPEG files in it or in folders below it: all are brought to one shape, and 0 to 255
 * become 0 to 1. Classes are the folders' names in their order. The column `folder` says where below its class an image lies,
 * so that a partition may go by it.
 */
export const imageFolder = dataPolicy({
  options: {
    train: FilePath,
    test: Type.Optional(FilePath),
    testShare: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 })),
    height: Length,
    width: Length,
    channels: Type.Union([Type.Literal(1), Type.Literal(3)]),
  },
  make: ({ train: trainPath, test: testPath, testShare, ...shape }): DataSource => ({
    name: 'image-folder',
    async load(context) {
      assertOneTest(trainPath, { test: testPath, testShare })
      const root = inFolder(context, trainPath)
      const classes = await classFolders(root)
      const all = await readFolder(root, { classes, shape }, context)
      const digest = { name: trainPath, sha256: all.sha256 }
      if (testPath === undefined)
        return {
          ...splitDataset(all.dataset, testShare!, { rng: context.rng, path: root }),
          schema: schemaOf(all.dataset.inputShape, classes),
          classes,
          digests: [digest],
        }
      const testRoot = inFolder(context, testPath)
      for (const name of await classFolders(testRoot))
        if (!classes.includes(name))
          throw new DataFileError('unknown-label', join(testRoot, name), `there is no such class in ${root}`)
      const test = await readFolder(testRoot, { classes, shape }, context)
      return {
        train: all.dataset,
        test: test.dataset,
        schema: schemaOf(all.dataset.inputShape, classes),
        classes,
        digests: [digest, { name: testPath, sha256: test.sha256 }],
      }
    },
  }),
})

async function classFolders(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(root, cause)
  })
  const names = entries.filter((entry) => entry.isDirectory() && !isHidden(entry.name)).map(({ name }) => name)
  if (names.length === 0) throw new DataFileError('no-examples', root, 'there is no folder of a class in it')
  return names.sort()
}

async function readFolder(
  root: string,
  { classes, shape }: { readonly classes: readonly string[]; readonly shape: PixelShape },
  context: LoadContext,
): Promise<{ dataset: Dataset; sha256: string }> {
  const files = (await Promise.all(classes.map((name, label) => filesOf(root, name, label)))).flat()
  assertSome({ numExamples: files.length }, root)
  const digests = new Array<string>(files.length)
  const sources = files.map(({ path }, index) => ({
    path,
    read: async () => {
      const bytes = await readFile(path).catch((cause: unknown) => {
        throw unreadable(path, cause)
      })
      digests[index] = `${relative(root, path)}\0${createHash('sha256').update(bytes).digest('hex')}\n`
      return bytes
    },
  }))
  const pixels = await decodeImages(sources, shape, context)
  return {
    dataset: {
      numExamples: files.length,
      inputShape: [shape.height, shape.width, shape.channels],
      x: toFloats(pixels, 1 / 255),
      y: Int32Array.from(files, ({ label }) => label),
      columns: { folder: files.map(({ folder }) => folder) },
    },
    sha256: createHash('sha256').update(digests.join('')).digest('hex'),
  }
}

interface ImageFile {
  readonly path: string
  readonly label: number
  readonly folder: string
}

/** In the order of their paths, so that no file system's own order shows. */
async function filesOf(root: string, name: string, label: number): Promise<ImageFile[]> {
  const classRoot = join(root, name)
  const entries = await readdir(classRoot, { withFileTypes: true, recursive: true }).catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw unreadable(classRoot, cause)
  })
  return entries
    .filter((entry) => entry.isFile() && isImage(entry.name) && !isHidden(entry.name))
    .map(({ parentPath, name: file }) => ({
      path: join(parentPath, file),
      label,
      folder: relative(classRoot, parentPath),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}
