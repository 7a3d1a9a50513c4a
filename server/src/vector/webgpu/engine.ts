import type { EngineOptions, Mix, Rows, VectorEngine } from '../engine.ts'
import { selectionSteps } from '../selection.ts'
import { checkedCount, checkFinite, checkRows, Turns } from '../tiles.ts'
import { Buffers } from './buffers.ts'
import type { OpenDevice } from './device.ts'
import { type Encode, Kernels } from './kernels.ts'
import { checkFailure, checkFlag, deviceTileLength, download, lostOr, stream, type TileBuffer } from './stream.ts'
import { StagingPool } from './staging-pool.ts'
import { StreamTimer, type StreamTimes } from './timer.ts'

/** Two tiles of it wait in host memory, one is on the device; a mix needs a second one there. */
const defaultTileBytes = 32 * 2 ** 20

/** Below, what is gained is less than what the program takes to compile, which is again for each number of updates. */
const defaultRegistersFrom = 1e6

export interface WebGpuEngine extends VectorEngine {
  /** The device's own time since this was last asked; undefined without `timed`, or if the device has no timestamps. */
  times(): StreamTimes | undefined
}

export interface WebGpuOptions extends EngineOptions {
  /** Takes timestamps on the device. */
  readonly timed?: boolean
  /** From so many params on, values are sorted in registers. */
  readonly registersFrom?: number
}

/**
 * Any vendor's GPU. Float32 that carries the errors of its additions along: within 2⁻²² of Σ |weight · x| for sums and of
 * the distance for distances. A device that is lost makes every operation throw 'device-lost'.
 */
export function makeWebGpuEngine(open: OpenDevice, options: WebGpuOptions = {}): WebGpuEngine {
  const { maxTileBytes = defaultTileBytes, timed = false, registersFrom = defaultRegistersFrom } = options
  const { device } = open
  const kernels = new Kernels(device)
  const turns = new Turns()
  const timer = timed && device.features.has('timestamp-query') ? new StreamTimer(device) : undefined
  const streaming = { open, staging: new StagingPool(device), timer }

  /** Runs one operation with buffers that are gone afterwards. */
  const operation = <T>(work: (buffers: Buffers) => Promise<T>): Promise<T> =>
    turns.take(async () => {
      checkFailure(open)
      const buffers = new Buffers(device)
      try {
        return await work(buffers)
      } catch (cause) {
        throw lostOr(open, cause)
      } finally {
        buffers.destroy()
      }
    })

  /** The tile on the device, what is read into it, the kernels that come first on it, and the rows that they leave for those after them. */
  function prepare(buffers: Buffers, rows: Rows, mix?: Mix): Prepared {
    const { count } = rows
    const { of, scales } = scaledHere(rows)
    const length = deviceTileLength(open, Math.max(count, mix?.numRows ?? 0), rows.size, maxTileBytes)
    const tile = buffers.storage(4 * length * count)
    const flag = buffers.storage(4)
    const first = [kernels.finite(buffers, tile, count, flag)]
    if (scales !== undefined)
      first.push(
        kernels.scale(buffers, tile, buffers.filled(weightPairs(scales, 1))),
        kernels.finite(buffers, tile, count, flag), // a scale may take a value out of float32
      )
    if (mix === undefined) return { length, of, tile, flag, source: tile, first }
    const source = buffers.storage(4 * length * mix.numRows)
    const weights = buffers.filled(weightPairs(mix.weights, 1))
    first.push(kernels.combine(buffers, tile, weights, source, { count, numOut: mix.numRows }))
    return { length, of, tile, flag, source, first }
  }

  /** [size] What `last` leaves in `out` of each tile. The device looks whether it is finite, too. */
  async function params(buffers: Buffers, at: Prepared, out: GPUBuffer, last: Encode): Promise<Float32Array> {
    const result = new Float32Array(at.of.size)
    const isFinite = kernels.finite(buffers, out, 1, at.flag)
    await stream(streaming, at.of, at, { kernels: [...at.first, last, isFinite], out, result })
    await checkFlag(open, at.flag)
    return result
  }

  return {
    name: 'webgpu',
    device: open.name,
    times: () => timer?.take(),

    weightedSum: (rows, weights, divisor = 1) =>
      operation(async (buffers) => {
        checkRows(rows, weights)
        const at = prepare(buffers, rows)
        const out = buffers.storage(4 * at.length)
        const pairs = buffers.filled(weightPairs(weights, divisor))
        const sum = kernels.combine(buffers, at.source, pairs, out, { count: rows.count, numOut: 1 })
        return params(buffers, at, out, sum)
      }),

    squaredDistances: (rows, mix) =>
      operation(async (buffers) => {
        const count = checkedCount(rows, mix)
        const at = prepare(buffers, rows, mix)
        const pairs = kernels.pairs(buffers, at.source, count, at.length)
        await stream(streaming, at.of, at, { kernels: [...at.first, pairs.encode] })
        await checkFlag(open, at.flag)
        return checkFinite(pairs.unpack(new Float32Array(await download(open, pairs.totals))))
      }),

    select: (rows, by, mix) =>
      operation(async (buffers) => {
        const count = checkedCount(rows, mix)
        const steps = selectionSteps(by, count)
        const at = prepare(buffers, rows, mix)
        const out = buffers.storage(4 * at.length)
        const selecting = kernels.select(buffers, at.source, out, { count, isLarge: rows.size >= registersFrom, steps })
        return params(buffers, at, out, selecting)
      }),

    close: () => streaming.staging.close(),
  }
}

interface Prepared extends TileBuffer {
  /** The rows that are read. */
  readonly of: Rows
  readonly flag: GPUBuffer
  /** The rows that are worked on, on the device. */
  readonly source: GPUBuffer
  readonly first: Encode[]
}

/** What pairs of floats scale as float64 does: a device may take what is below the least normal float32 for 0. */
const [leastScale, mostScale] = [2 ** -32, 2 ** 32]

/** Rows as they are and what the device is to take them times; scaled by whoever reads them, where a scale is out of all proportion. */
function scaledHere(rows: Rows): { readonly of: Rows; readonly scales?: Float64Array } {
  const isWithin = (scale: number): boolean =>
    scale === 0 || (Math.abs(scale) >= leastScale && Math.abs(scale) <= mostScale)
  return rows.scaled?.scales.every(isWithin) === true ? rows.scaled : { of: rows }
}

/** Each weight as a float and what rounding left of it. */
function weightPairs(weights: Float64Array, divisor: number): Float32Array<ArrayBuffer> {
  const pairs = new Float32Array(2 * weights.length)
  for (const [i, weight] of weights.entries()) {
    const exact = weight / divisor
    pairs[2 * i] = exact
    pairs[2 * i + 1] = exact - Math.fround(exact)
  }
  return pairs
}
