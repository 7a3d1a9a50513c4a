import { ThreadPool } from '../../thread-pool.ts'
import { type EngineOptions, type Mix, type Rows, type VectorEngine, VectorError } from '../engine.ts'
import { selectionSteps } from '../selection.ts'
import { checkedCount, checkFinite, checkRows, tileLength, Turns } from '../tiles.ts'
import { makeOperations, type Operation } from './operations.ts'
import type { VectorAnswer, VectorTask } from './vector-worker.ts'

export interface WasmOptions extends EngineOptions {
  /** Threads that work beside this one: whoever has some closes the engine. Changes no byte of a result. Default 0. */
  readonly numThreads?: number
  /** Rows of fewer bytes are this thread's: handing them over would take longer. Default 2 MiB. */
  readonly minThreadedBytes?: number
  /** Another program than `vector-worker.ts` that speaks the same protocol: for tests. */
  readonly workerUrl?: URL
}

/** Of all rows together. Measured with 100 rows: from 2 MiB on all are as quick, less makes rows too short. */
const defaultTileBytes = 16 * 2 ** 20
/** What rows are cut into at most, so that every thread has some; K × K distances come back from each. */
const maxParts = 64

/**
 * WASM SIMD with float64 sums, on any machine and as many of its cores as it is given: rows are cut into parts of their params, and each
 * thread reads its own straight into its memory. Rows that only this thread can read are worked on here, and so is what a
 * thread fails at. Where the cuts are depends on the rows alone, so the number of threads changes nothing.
 */
export function makeWasmEngine(options: WasmOptions = {}): VectorEngine {
  const { maxTileBytes = defaultTileBytes, numThreads = 0, minThreadedBytes = 2 * 2 ** 20 } = options
  const runHere = makeOperations(maxTileBytes)
  const url = options.workerUrl ?? new URL('./vector-worker.ts', import.meta.url)
  const threads = new ThreadPool<VectorTask, VectorAnswer>({ url, numThreads, workerData: maxTileBytes })
  const turns = new Turns()

  /** What the operation makes of each part, in order. */
  async function* inParts(operation: Operation, rows: Rows) {
    const parts = partsOf(rows, maxTileBytes)
    const { of, scales } = rows.scaled ?? { of: rows, scales: undefined }
    const { places, size } = of
    const isThreaded = numThreads > 0 && places !== undefined && 4 * rows.count * size >= minThreadedBytes
    const onThreads = isThreaded
      ? parts.map((part) => threads.run({ operation, places, scales, size, ...part }).then(valuesOf))
      : []
    const allDone = Promise.allSettled(onThreads)
    try {
      for (const [i, { from, to }] of parts.entries())
        yield { from, values: (await onThreads[i]) ?? (await runHere(operation, rows, from, to)) }
    } finally {
      await allDone // whoever asked may close what the rows lie in
    }
  }

  async function selected(operation: Operation, rows: Rows): Promise<Float32Array> {
    const result = new Float32Array(rows.size)
    for await (const { from, values } of inParts(operation, rows)) result.set(values, from)
    return result
  }

  return {
    name: 'wasm',
    device: 'WebAssembly SIMD',

    weightedSum: (rows, weights, divisor = 1) =>
      turns.take(() => {
        checkRows(rows, weights)
        return selected({ type: 'weighted-sum', weights, divisor }, rows)
      }),

    squaredDistances: (rows, mix) =>
      turns.take(async () => {
        const count = checkedCount(rows, mix)
        const distances = new Float64Array(count * count)
        for await (const { values } of inParts({ type: 'squared-distances', ...withMix(mix) }, rows))
          add(distances, values)
        return checkFinite(mirrored(distances, count))
      }),

    select: (rows, by, mix) =>
      turns.take(() => {
        selectionSteps(by, checkedCount(rows, mix)) // refuses what does not go with the rows
        return selected({ type: 'select', by, ...withMix(mix) }, rows)
      }),

    rest: () => threads.rest(),
    close: () => threads.close(),
  }
}

/** Undefined where no thread could do it. @throws VectorError where it was done, and there are none */
function valuesOf(answer: VectorAnswer | undefined): Float32Array | Float64Array | undefined {
  if (answer === undefined) return undefined
  if ('values' in answer) return answer.values
  if (answer.code !== undefined) throw new VectorError(answer.code, answer.detail)
  return undefined
}

const withMix = (mix: Mix | undefined) => mix && { mix }

/** Whole tiles each. */
function partsOf({ count, size }: Rows, maxTileBytes: number): { readonly from: number; readonly to: number }[] {
  const tile = tileLength(count, size, maxTileBytes)
  const length = tile * Math.ceil(Math.ceil(size / tile) / maxParts)
  return Array.from({ length: Math.ceil(size / length) }, (_, i) => ({
    from: i * length,
    to: Math.min((i + 1) * length, size),
  }))
}

function add(sums: Float64Array, values: ArrayLike<number>): void {
  for (let i = 0; i < sums.length; i++) sums[i]! += values[i]!
}

/** The kernels fill what is above the diagonal. */
function mirrored(distances: Float64Array, count: number): Float64Array {
  for (let i = 0; i < count; i++) for (let j = 0; j < i; j++) distances[i * count + j] = distances[j * count + i]!
  return distances
}
