import { makeRng, type Dataset, type ImageSchema, type Plan, type TableSchema } from '@panal/client-core'

/** Two numeric columns, two classes. */
export const points: TableSchema = {
  kind: 'table',
  columns: [
    { name: 'a', kind: 'numeric', mean: 0, std: 1, missing: 'mean' },
    { name: 'b', kind: 'numeric', mean: 0, std: 1, missing: 'mean' },
  ],
  label: { column: 'y' },
  classes: ['below', 'above'],
}

/** 4 × 4 grey images of three classes. */
export const tinyImages: ImageSchema = {
  kind: 'image',
  height: 4,
  width: 4,
  channels: 1,
  scale: 1 / 255,
  classes: ['0', '1', '2'],
}

export const plan: Plan = { epochs: 1, batchSize: 8, learningRate: 0.1, optimizer: { name: 'sgd' }, codec: 'f32' }

export const dataset = (inputShape: readonly number[], x: readonly number[], y: readonly number[]): Dataset => ({
  numExamples: y.length,
  inputShape,
  x: Float32Array.from(x),
  y: Int32Array.from(y),
})

/** Points in [−1, 1]² that are `above` where a + b > 0; those too near the line are left out. */
export function separablePoints(numExamples: number, seed: number): Dataset {
  const rng = makeRng(seed)
  const x: number[] = []
  const y: number[] = []
  while (y.length < numExamples) {
    const [a, b] = [2 * rng.uniform() - 1, 2 * rng.uniform() - 1]
    if (Math.abs(a + b) < 0.1) continue
    x.push(a, b)
    y.push(a + b > 0 ? 1 : 0)
  }
  return dataset([2], x, y)
}

/** Noise with a bright row: class k has it in row k. */
export function barImages(numExamples: number, seed: number): Dataset {
  const rng = makeRng(seed)
  const y = Array.from({ length: numExamples }, (_, i) => i % 3)
  const x = y.flatMap((label) =>
    Array.from({ length: 16 }, (_, pixel) => 0.3 * rng.uniform() + (Math.floor(pixel / 4) === label ? 0.7 : 0)),
  )
  return dataset([4, 4, 1], x, y)
}

export const never = new AbortController().signal
