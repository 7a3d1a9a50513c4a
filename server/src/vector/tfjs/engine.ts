import type * as Tfjs from '@tensorflow/tfjs-core'
import { type EngineOptions, type Mix, type Rows, type VectorEngine } from '../engine.ts'
import { selectionSteps } from '../selection.ts'
import { checkedCount, checkFinite, checkRows, notFinite, tileLength, Turns } from '../tiles.ts'
import { openTfjs } from './backend.ts'
import { combine, nearestMean, pairDistances, pairwiseSum, sortRows } from './operations.ts'

/** Several copies of a tile are alive within an operation. */
const defaultTileBytes = 32 * 2 ** 20

export interface TfjsOptions extends EngineOptions {
  /** A TensorFlow.js whose backend is chosen and ready; otherwise the fastest that is installed here. */
  readonly tf?: typeof Tfjs
}

/**
 * TensorFlow.js on whatever backend there is: CUDA with @tensorflow/tfjs-node-gpu. Float32; sums halve their rows again and
 * again, so that an error grows with log₂ K: at most (3 + ⌈log₂ K⌉) · 2⁻²⁴ of Σ |weight · x|.
 * @throws VectorError 'no-device' if no backend starts
 */
export async function openTfjsEngine(options: TfjsOptions = {}): Promise<VectorEngine> {
  const { maxTileBytes = defaultTileBytes } = options
  const tf = options.tf ?? (await openTfjs())
  const turns = new Turns()

  /** Reads tile after tile; `work` gets [rows, params] and answers what to keep of it. */
  async function pass(rows: Rows, mix: Mix | undefined, work: (tile: Tfjs.Tensor2D) => Tfjs.Tensor, keep: Keep) {
    const { count, size } = rows
    const length = tileLength(count, size, maxTileBytes)
    for (let start = 0; start < size; start += length) {
      const num = Math.min(length, size - start)
      const values = new Float32Array(count * num)
      await rows.read(
        start,
        Array.from({ length: count }, (_, k) => values.subarray(k * num, (k + 1) * num)),
      )
      if (!allFinite(values)) throw notFinite()
      const result = tf.tidy(() => {
        const tile = tf.tensor2d(values, [count, num])
        return work(mix === undefined ? tile : combine(tf, tile, mix.weights, mix.numRows))
      })
      try {
        keep((await result.data()) as Float32Array, start)
      } finally {
        result.dispose()
      }
    }
  }

  return {
    name: 'tfjs',
    device: `TensorFlow.js ${tf.version_core} on ${tf.getBackend()}`,

    weightedSum: (rows, weights, divisor = 1) =>
      turns.take(async () => {
        checkRows(rows, weights)
        const result = new Float32Array(rows.size)
        const scaled = weights.map((weight) => weight / divisor)
        await pass(
          rows,
          undefined,
          (tile) => combine(tf, tile, scaled, 1),
          (values, start) => result.set(values, start),
        )
        return checkFinite(result)
      }),

    squaredDistances: (rows, mix) =>
      turns.take(async () => {
        const count = checkedCount(rows, mix)
        const distances = new Float64Array(count * count)
        await pass(
          rows,
          mix,
          (tile) => pairDistances(tf, tile),
          (values) => {
            const numParts = values.length / (count * count)
            for (let i = 0; i < values.length; i++) distances[Math.floor(i / numParts)]! += values[i]!
          },
        )
        return checkFinite(distances)
      }),

    select: (rows, by, mix) =>
      turns.take(async () => {
        const count = checkedCount(rows, mix)
        const { first, last, nearest } = selectionSteps(by, count)
        const result = new Float32Array(rows.size)
        const chosen = (tile: Tfjs.Tensor2D): Tfjs.Tensor => {
          const sorted = sortRows(tf, tile)
          if (nearest !== 0) return nearestMean(tf, sorted, nearest)
          return tf.div(pairwiseSum(tf, tf.slice(sorted, [0, first], [-1, last - first])), last - first)
        }
        await pass(rows, mix, chosen, (values, start) => result.set(values, start))
        return checkFinite(result)
      }),

    close: () => undefined,
  }
}

type Keep = (values: Float32Array, start: number) => void

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}
