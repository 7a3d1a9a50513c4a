import { createHash } from 'node:crypto'
import {
  imageShape,
  makeRng,
  scalePixels,
  shuffle,
  writeImageDataset,
  type Dataset,
  type ImageSchema,
  type Rng,
} from '@panal/client-core'
import type { TaskDocument } from '@panal/server'
import { loadMnist, mnistClasses, mnistPixels, mnistSide, type LabelledImages } from '../data/mnist.ts'
import { splitByContent } from '../data/splits.ts'
import type { PreparedTask, PrepareOptions, SampleShard, StoredData } from './prepared-task.ts'
import { bySeverity } from './severities.ts'

export const digitsSchema: ImageSchema = {
  kind: 'image',
  height: mnistSide,
  width: mnistSide,
  channels: 1,
  scale: 1 / 255,
  classes: mnistClasses,
}

/** Of MNIST's 10,000 test images: 3,000, 2,000 and 5,000. */
const setShares = { evaluation: 0.3, calibration: 0.2, gate: 0.5 }

/** MNIST: all 60,000 training images for the devices, the 10,000 test images split for the server. */
export async function prepareDigits({ seed }: PrepareOptions): Promise<PreparedTask> {
  const rng = makeRng(seed).fork('digits')
  const [train, test] = await Promise.all([loadMnist('train'), loadMnist('t10k')])
  const split = splitByContent(contentKeys(test), setShares, rng.fork('sets'))
  return {
    training: toDataset(withoutContent(train, new Set(contentKeys(test)))),
    sets: {
      evaluation: toFile(test, split.evaluation),
      calibration: toFile(test, split.calibration),
      gate: toFile(test, split.gate),
    },
    cases: toFile(train, plainest(train)),
    samples: sampleShards(train, rng.fork('samples')),
    document: (stored) => digitsTask(stored, seed),
  }
}

/** The task document of `digits`. */
export const digitsTask = ({ sets, cases, samples }: StoredData, seed: number): TaskDocument => ({
  id: 'digits',
  title: 'Handwritten digits',
  description: 'Learns to read a handwritten digit, 0 to 9, from a small grey image.',
  whatLeaves:
    'Only the change that your drawings make to the model: a list of numbers, one for each of its weights. ' +
    'The drawings themselves stay on your device.',
  seed,
  model: { builtin: 'mlp', hidden: [128] },
  loss: 'categorical-crossentropy',
  metrics: ['accuracy'],
  data: digitsSchema,
  plan: {
    epochs: 1,
    batchSize: 32,
    learningRate: 0.1,
    optimizer: { name: 'sgd', momentum: 0.9 },
    clipNorm: 20,
    codec: 'f16',
  },
  strategy: {
    sampler: { name: 'least-recently-used' },
    checks: [
      { name: 'finite' },
      { name: 'max-norm', maxNorm: 25 },
      { name: 'weight-range', minExamples: 1, maxExamples: 60_000 },
    ],
    weight: 'examples',
    maxWeight: 6000,
    aggregator: { name: 'mean' },
    serverOptimizer: { name: 'sgd', learningRate: 1 },
  },
  cohort: { size: 10, overSelection: 1.1, reportingGoal: 10, minimum: 5, deadlineMs: 60_000 },
  lease: { heartbeatMs: 5000, leaseMs: 20_000 },
  eligibility: { minExamples: 1 },
  rounds: { minIntervalMs: 200 },
  segments: ['label'],
  sets,
  samples,
  gate: {
    checks: [
      { name: 'integrity' },
      { name: 'pin' },
      { name: 'determinism' },
      { name: 'power', detectable: 0.06 },
      { name: 'baselines', required: ['prior', 'majority', 'logistic'] },
      { name: 'floor', metric: 'accuracy', min: 0.95 },
      { name: 'no-regression', against: 'champion', margin: 0.02 },
      { name: 'no-regression', against: 'champion', metric: 'accuracy', critical: false },
      { name: 'no-regression', against: 'anchor', margin: 0.05 },
      { name: 'negative-flips' },
      { name: 'segments', margin: 0.03, detectable: 0.06 },
      { name: 'masking', margin: 0.03 },
      { name: 'calibration' },
      { name: 'cases', dataset: cases, title: 'plainly written' },
      {
        name: 'invariance',
        variations: [
          { name: 'pixel-noise', severity: 1 },
          { name: 'blur', severity: 1 },
        ],
      },
      {
        name: 'robustness',
        variations: [
          ...bySeverity(['shift', 'rotate', 'blur', 'pixel-noise'], [1, 3]),
          ...bySeverity(['contrast'], [1, 2]),
        ],
        margin: 0.03,
      },
      { name: 'reuse' },
    ],
  },
})

const image = (images: LabelledImages, index: number): Uint8Array =>
  images.pixels.subarray(index * mnistPixels, (index + 1) * mnistPixels)

const contentKeys = (images: LabelledImages): string[] =>
  Array.from({ length: images.numExamples }, (_, index) =>
    createHash('sha256').update(image(images, index)).digest('base64'),
  )

function select(images: LabelledImages, indices: ArrayLike<number>): LabelledImages {
  const pixels = new Uint8Array(indices.length * mnistPixels)
  const labels = new Uint8Array(indices.length)
  for (let i = 0; i < indices.length; i++) {
    pixels.set(image(images, indices[i]!), i * mnistPixels)
    labels[i] = images.labels[indices[i]!]!
  }
  return { numExamples: indices.length, pixels, labels }
}

/** Training images that are also in `held` would let a model know its exam. */
function withoutContent(images: LabelledImages, held: ReadonlySet<string>): LabelledImages {
  const fresh = contentKeys(images).flatMap((key, index) => (held.has(key) ? [] : [index]))
  return fresh.length === images.numExamples ? images : select(images, fresh)
}

const toDataset = ({ numExamples, pixels, labels }: LabelledImages): Dataset => ({
  numExamples,
  inputShape: imageShape(digitsSchema),
  x: scalePixels(pixels, digitsSchema),
  y: Int32Array.from(labels),
})

function toFile(images: LabelledImages, indices: ArrayLike<number>): Uint8Array {
  const { pixels, labels } = select(images, indices)
  return writeImageDataset(pixels, labels, digitsSchema, { source: 'MNIST (LeCun, Cortes and Burges)' })
}

/** How many of each digit are among the cases. */
const casesOfEach = 2
/** Among the first so many training images: enough for plain ones. */
const numSought = 10_000

/** Of each digit the images that are nearest to the mean of its class: nobody takes them for another one. */
function plainest({ pixels, labels, numExamples }: LabelledImages): number[] {
  const sought = Array.from({ length: Math.min(numSought, numExamples) }, (_, index) => index)
  return mnistClasses.flatMap((_, digit) => {
    const own = sought.filter((index) => labels[index] === digit)
    const mean = new Float64Array(mnistPixels)
    for (const index of own)
      for (let i = 0; i < mnistPixels; i++) mean[i]! += pixels[index * mnistPixels + i]! / own.length
    const distance = (index: number): number =>
      mean.reduce((sum, value, i) => sum + (pixels[index * mnistPixels + i]! - value) ** 2, 0)
    const distances = new Map(own.map((index) => [index, distance(index)]))
    return own.sort((a, b) => distances.get(a)! - distances.get(b)!).slice(0, casesOfEach)
  })
}

const sampleSize = 200

/** Three shards, as unlike as three people's drawings: all digits, low ones, high ones. */
function sampleShards(train: LabelledImages, rng: Rng): SampleShard[] {
  const order = [...shuffle(Int32Array.from(train.labels.keys()), rng)]
  const shard = (label: string, wanted: (digit: number) => boolean): SampleShard => {
    const indices = order.filter((index) => wanted(train.labels[index]!)).slice(0, sampleSize)
    return { label, numExamples: indices.length, bytes: toFile(train, indices) }
  }
  return [
    shard(`${sampleSize} MNIST images of all digits`, () => true),
    shard(`${sampleSize} MNIST images of 0 to 4`, (digit) => digit < 5),
    shard(`${sampleSize} MNIST images of 5 to 9`, (digit) => digit >= 5),
  ]
}
