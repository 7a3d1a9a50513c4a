import { type Mix, type Rows, type Selection, VectorError } from '../engine.ts'
import { selectionSteps } from '../selection.ts'
import { checkFinite, notFinite, roundUp, tileLength, tileUnit } from '../tiles.ts'
import { Arena, type Kernels, loadKernels } from './memory.ts'

/** What is to be done to rows; all checks of its numbers are done. */
export type Operation =
  | { readonly type: 'weighted-sum'; readonly weights: Float64Array; readonly divisor: number }
  | { readonly type: 'squared-distances'; readonly mix?: Mix }
  | { readonly type: 'select'; readonly by: Selection; readonly mix?: Mix }

/** [to − from] of a sum or a selection, [K · K] of distances. @throws VectorError 'not-finite'; what reading throws */
export type Run = (operation: Operation, rows: Rows, from: number, to: number) => Promise<Float32Array | Float64Array>

/** Params of rows that are summed together, four rows at a time: those and their float64 sums stay in a second-level cache. */
const sumLength = 48 * 1024
const rowsAtOnce = 4
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
 * Operations on some params of all rows, in this thread: WASM SIMD with float64 sums. Its error is that of rounding the
 * result to float32, except where a mix rounds each new row. One at a time: all use the same memory.
 */
export function makeOperations(maxTileBytes: number): Run {
  const { kernels, memory } = loadKernels()

  /** Reads tile after tile and lets `work` have each, the params past a row's end as zeros. */
  async function pass(arena: Arena, part: Part, work: (tile: Tile, start: number, padded: number) => void) {
    const { rows, from, to } = part
    const length = tileLength(rows.count, to - from, maxTileBytes)
    const tile = { address: arena.take(rows.count * 4 * length), strideBytes: 4 * length, numRows: rows.count }
    arena.settle()
    for (let start = from; start < to; start += length) {
      const num = Math.min(length, to - start)
      await fill(arena, tile, num, (into) => rows.read(start, into))
      work(tile, start - from, roundUp(num, sortBlock))
    }
  }

  /** As `pass`, on the rows that a mix makes. Refuses rows that are not finite. */
  async function mixedPass(arena: Arena, part: Part, mix: Mix | undefined, work: Parameters<typeof pass>[2]) {
    const { count } = part.rows
    const length = tileLength(count, part.to - part.from, maxTileBytes)
    const strideBytes = 4 * length
    const mixed = mix && { address: arena.take(mix.numRows * strideBytes), strideBytes, numRows: mix.numRows }
    const weights = mix && arena.put(mix.weights)
    const sums = arena.take(8 * sumBlock)
    await pass(arena, part, (tile, start, padded) => {
      for (let k = 0; k < count; k++)
        if (kernels.finite(tile.address + k * tile.strideBytes, 4 * padded) === 0) throw notFinite()
      if (mixed === undefined || weights === undefined) {
        work(tile, start, padded)
        return
      }
      for (let r = 0; r < mixed.numRows; r++) {
        const [row, of] = [mixed.address + r * strideBytes, weights + 8 * r * count]
        kernels.weightedSum(tile.address, tile.strideBytes, count, padded, of, 1, row, sums)
      }
      work(mixed, start, padded)
    })
  }

  /** A few rows at a time, so that each is added while the cache still has it. */
  async function weightedSum(part: Part, { weights, divisor }: Extract<Operation, { type: 'weighted-sum' }>) {
    const { rows, from, to } = part
    const numBlocks = Math.ceil((to - from) / sumLength)
    const length = roundUp(Math.ceil((to - from) / numBlocks), tileUnit)
    const arena = new Arena(memory)
    const result = new Float32Array(to - from)
    const weightsAt = arena.put(weights)
    const sums = arena.take(8 * length)
    const out = arena.take(4 * length)
    const tile = { address: arena.take(rowsAtOnce * 4 * length), strideBytes: 4 * length, numRows: rowsAtOnce }
    arena.settle()
    for (let start = from; start < to; start += length) {
      const num = Math.min(length, to - start)
      const padded = roundUp(num, sortBlock)
      arena.doubles(sums, padded, false).fill(0)
      for (let first = 0; first < rows.count; first += rowsAtOnce) {
        const some = { ...tile, numRows: Math.min(rowsAtOnce, rows.count - first) }
        await fill(arena, some, num, (into) => rows.read(start, into, first))
        kernels.addRows(some.address, some.strideBytes, some.numRows, padded, weightsAt + 8 * first, sums)
      }
      kernels.divide(sums, padded, divisor, out)
      result.set(arena.floats(out, num), start - from)
    }
    return checkFinite(result) // a value that is not finite makes its sum so, whatever its weight
  }

  async function squaredDistances(part: Part, mix?: Mix) {
    const count = mix?.numRows ?? part.rows.count
    const arena = new Arena(memory)
    const distances = arena.put(new Float64Array(count * count))
    await mixedPass(arena, part, mix, ({ address, strideBytes, numRows }, _, padded) =>
      kernels.squaredDistances(address, strideBytes, numRows, padded, distances),
    )
    return checkFinite(arena.doubles(distances, count * count))
  }

  async function select(part: Part, by: Selection, mix?: Mix) {
    const { rows, from, to } = part
    const arena = new Arena(memory)
    const run = prepareSelect(kernels, arena, by, mix?.numRows ?? rows.count)
    const result = new Float32Array(to - from)
    const out = arena.take(4 * tileLength(rows.count, to - from, maxTileBytes))
    await mixedPass(arena, part, mix, (tile, start, padded) => {
      run(tile, padded, out)
      result.set(arena.floats(out, Math.min(padded, result.length - start)), start)
    })
    return checkFinite(result)
  }

  return (operation, rows, from, to) => {
    const part = { rows, from, to }
    switch (operation.type) {
      case 'weighted-sum':
        return weightedSum(part, operation)
      case 'squared-distances':
        return squaredDistances(part, operation.mix)
      case 'select':
        return select(part, operation.by, operation.mix)
    }
  }
}

/** Some params of all rows. */
interface Part {
  readonly rows: Rows
  readonly from: number
  readonly to: number
}

/** Reads the next params of the rows of a tile; those past their end are zeros, up to what the kernels take at once. */
async function fill(
  arena: Arena,
  { address, strideBytes, numRows }: Tile,
  num: number,
  read: (into: readonly Float32Array[]) => Promise<void> | void,
): Promise<void> {
  const padded = roundUp(num, sortBlock)
  const views = Array.from({ length: numRows }, (_, k) => arena.floats(address + k * strideBytes, padded))
  for (const view of views) view.fill(0, num)
  await read(views.map((view) => view.subarray(0, num)))
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
