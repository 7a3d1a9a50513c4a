import { type EngineOptions, type Mix, type Rows, type Selection, type VectorEngine, VectorError } from '../engine.ts'
import { selectionSteps } from '../selection.ts'
import { checkedCount, checkFinite, checkRows, notFinite, roundUp, tileLength, Turns } from '../tiles.ts'
import { Arena, type Kernels, loadKernels } from './memory.ts'

/** Of all rows together. Measured with 100 rows: from 2 MiB on all are as quick, less makes rows too short. */
const defaultTileBytes = 16 * 2 ** 20
/** The kernels' own: params whose float64 sums are held at once, and params that are sorted together. */
const sumBlock = 8192
const sortBlock = 16

/** A tile in the kernels' memory. */
interface Tile {
  readonly address: number
  readonly strideBytes: number
  readonly numRows: number
}

/**
 * WASM SIMD with float64 sums, on any machine. Rows are read straight into its memory. Its error is that of rounding the
 * result to float32, except where a mix rounds each new row.
 */
export function makeWasmEngine({ maxTileBytes = defaultTileBytes }: EngineOptions = {}): VectorEngine {
  const { kernels, memory } = loadKernels()
  const turns = new Turns()

  /** Reads tile after tile and lets `work` have each, the params past a row's end as zeros. */
  async function pass(arena: Arena, rows: Rows, work: (tile: Tile, start: number, padded: number) => void) {
    const { count, size } = rows
    const length = tileLength(count, size, maxTileBytes)
    const strideBytes = 4 * length
    const address = arena.take(count * strideBytes)
    arena.settle()
    for (let start = 0; start < size; start += length) {
      const num = Math.min(length, size - start)
      const padded = roundUp(num, sortBlock)
      const views = Array.from({ length: count }, (_, k) => arena.floats(address + k * strideBytes, padded))
      for (const view of views) view.fill(0, num)
      await rows.read(
        start,
        views.map((view) => view.subarray(0, num)),
      )
      work({ address, strideBytes, numRows: count }, start, padded)
    }
  }

  /** As `pass`, on the rows that a mix makes. Refuses rows that are not finite. */
  async function mixedPass(arena: Arena, rows: Rows, mix: Mix | undefined, work: Parameters<typeof pass>[2]) {
    const { count, size } = rows
    const length = tileLength(count, size, maxTileBytes)
    const strideBytes = 4 * length
    const mixed = mix && { address: arena.take(mix.numRows * strideBytes), strideBytes, numRows: mix.numRows }
    const weights = mix && arena.put(mix.weights)
    const sums = arena.take(8 * sumBlock)
    await pass(arena, rows, (tile, start, padded) => {
      for (let k = 0; k < count; k++)
        if (kernels.finite(tile.address + k * strideBytes, 4 * padded) === 0) throw notFinite()
      if (mixed === undefined || weights === undefined) {
        work(tile, start, padded)
        return
      }
      for (let r = 0; r < mixed.numRows; r++) {
        const [row, of] = [mixed.address + r * strideBytes, weights + 8 * r * count]
        kernels.weightedSum(tile.address, strideBytes, count, padded, of, 1, row, sums)
      }
      work(mixed, start, padded)
    })
  }

  return {
    name: 'wasm',
    device: 'WebAssembly SIMD',

    weightedSum: (rows, weights, divisor = 1) =>
      turns.take(async () => {
        checkRows(rows, weights)
        const arena = new Arena(memory)
        const result = new Float32Array(rows.size)
        const weightsAt = arena.put(weights)
        const sums = arena.take(8 * sumBlock)
        const out = arena.take(4 * tileLength(rows.count, rows.size, maxTileBytes))
        await pass(arena, rows, ({ address, strideBytes, numRows }, start, padded) => {
          kernels.weightedSum(address, strideBytes, numRows, padded, weightsAt, divisor, out, sums)
          result.set(arena.floats(out, Math.min(padded, rows.size - start)), start)
        })
        return checkFinite(result) // a value that is not finite makes its sum so, whatever its weight
      }),

    squaredDistances: (rows, mix) =>
      turns.take(async () => {
        const count = checkedCount(rows, mix)
        const arena = new Arena(memory)
        const distances = arena.put(new Float64Array(count * count))
        await mixedPass(arena, rows, mix, ({ address, strideBytes, numRows }, _, padded) =>
          kernels.squaredDistances(address, strideBytes, numRows, padded, distances),
        )
        return checkFinite(mirrored(arena.doubles(distances, count * count), count))
      }),

    select: (rows, by, mix) =>
      turns.take(async () => {
        const count = checkedCount(rows, mix)
        const arena = new Arena(memory)
        const run = prepareSelect(kernels, arena, by, count)
        const result = new Float32Array(rows.size)
        const out = arena.take(4 * tileLength(rows.count, rows.size, maxTileBytes))
        await mixedPass(arena, rows, mix, (tile, start, padded) => {
          run(tile, padded, out)
          result.set(arena.floats(out, Math.min(padded, rows.size - start)), start)
        })
        return checkFinite(result)
      }),

    close: () => undefined,
  }
}

/** What selects one tile: the network lies in the kernels' memory, as byte offsets into a column of values. */
function prepareSelect(kernels: Kernels, arena: Arena, by: Selection, count: number) {
  const { network, first, last, nearest } = selectionSteps(by, count)
  const begin = arena.putIndices(Uint32Array.from(network.flat(), (index) => index * 4 * sortBlock))
  const end = begin + 8 * network.length
  const column = arena.take(4 * sortBlock * count)
  return ({ address, strideBytes, numRows }: Tile, padded: number, out: number): void => {
    if (numRows !== count) throw new VectorError('bad-arguments', `${numRows} rows for a selection of ${count}`)
    kernels.select(address, strideBytes, count, padded, begin, end, first, last, nearest, column, out)
  }
}

/** The kernels fill what is above the diagonal. */
function mirrored(distances: Float64Array, count: number): Float64Array {
  for (let i = 0; i < count; i++) for (let j = 0; j < i; j++) distances[i * count + j] = distances[j * count + i]!
  return distances
}
