import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import {
  imageShape,
  makeRng,
  scalePixels,
  tensorSize,
  type DataSchema,
  type Dataset,
  type Rng,
  type TableSchema,
} from '@panal/client-core'
import { policy, type PolicyRegistry } from '@panal/server'
import { loadMnist, type LabelledImages } from '../data/mnist.ts'
import type { DataDigest } from '../results/run-record.ts'
import { digitsSchema } from '../tasks/digits.ts'

/** What an experiment trains and tests on. */
export interface ExperimentData {
  readonly schema: DataSchema
  /** Dealt to the devices. */
  readonly train: Dataset
  /** For the server alone. */
  readonly test: Dataset
  readonly digests: readonly DataDigest[]
}

/** Reads or makes the data, the same each time. */
export type DataSource = () => Promise<ExperimentData>

/** MNIST as published: 60,000 images to train on, 10,000 to test. */
const mnist = policy({
  options: {},
  make: (): DataSource => async () => {
    const [train, test] = await Promise.all([loadMnist('train'), loadMnist('t10k')])
    return {
      schema: digitsSchema,
      train: asDataset(train),
      test: asDataset(test),
      digests: [
        { name: 'mnist train', sha256: digest(train.pixels, train.labels) },
        { name: 'mnist test', sha256: digest(test.pixels, test.labels) },
      ],
    }
  },
})

const asDataset = ({ numExamples, pixels, labels }: LabelledImages): Dataset => ({
  numExamples,
  inputShape: imageShape(digitsSchema),
  x: scalePixels(pixels, digitsSchema),
  y: Int32Array.from(labels),
})

/**
 * Normal clouds, one for each class, about centres that lie `distance` standard deviations from the origin: made on the spot,
 * to try things with. A fifth as many more are the test set.
 */
const blobs = policy({
  options: {
    examples: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
    features: Type.Integer({ minimum: 1, maximum: 1000 }),
    classes: Type.Integer({ minimum: 2, maximum: 1000 }),
    distance: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 2 })),
    seed: Type.Optional(Type.Integer({ minimum: 0, default: 1 })),
  },
  make:
    ({ examples, features, classes, distance = 2, seed = 1 }): DataSource =>
    async () => {
      const rng = makeRng(seed).fork('blobs')
      const centres = Array.from({ length: classes }, (_, label) =>
        centre(features, distance, rng.fork(`centre/${label}`)),
      )
      const train = cloud(examples, centres, rng.fork('train'))
      const test = cloud(Math.ceil(examples / 5), centres, rng.fork('test'))
      return {
        schema: tableOf(features, classes),
        train,
        test,
        digests: [
          { name: 'blobs train', sha256: digest(train.x, train.y) },
          { name: 'blobs test', sha256: digest(test.x, test.y) },
        ],
      }
    },
})

function centre(features: number, distance: number, rng: Rng): Float64Array {
  const direction = Float64Array.from({ length: features }, () => rng.normal())
  const norm = Math.hypot(...direction)
  return direction.map((value) => (distance * value) / norm)
}

function cloud(numExamples: number, centres: readonly Float64Array[], rng: Rng): Dataset {
  const features = centres[0]!.length
  const x = new Float32Array(numExamples * features)
  const y = Int32Array.from({ length: numExamples }, (_, i) => i % centres.length)
  for (let i = 0; i < x.length; i++) x[i] = centres[y[Math.floor(i / features)]!]![i % features]! + rng.normal()
  return { numExamples, inputShape: [features], x, y }
}

const tableOf = (features: number, classes: number): TableSchema => ({
  kind: 'table',
  columns: Array.from({ length: features }, (_, i) => ({
    name: `x${i}`,
    kind: 'numeric',
    mean: 0,
    std: 1,
    missing: 'mean',
  })),
  label: { column: 'class' },
  classes: Array.from({ length: classes }, (_, label) => `c${label}`),
})

function digest(...parts: readonly (Uint8Array | Float32Array | Int32Array)[]): string {
  const hash = createHash('sha256')
  for (const { buffer, byteOffset, byteLength } of parts) hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  return hash.digest('hex')
}

/** Where data come from. A new source is one line here. */
export const dataSources = { mnist, blobs } as const satisfies PolicyRegistry<DataSource>

/** The same examples in memory that worker threads share; raw columns stay behind. */
export function shared({ numExamples, inputShape, x, y }: Dataset): Dataset {
  const values = new Float32Array(new SharedArrayBuffer(numExamples * tensorSize(inputShape) * 4))
  const labels = new Int32Array(new SharedArrayBuffer(numExamples * 4))
  values.set(x)
  labels.set(y)
  return { numExamples, inputShape, x: values, y: labels }
}
