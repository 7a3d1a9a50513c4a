import { VectorError, type Mix, type Rows } from './engine.ts'

/** Params per tile are a multiple of this: what a select kernel or a GPU's workgroup takes at once. */
export const tileUnit = 64

export const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit

/** Params of a tile of `numRows` rows that fits: a multiple of the unit, no more than the size needs. */
export function tileLength(numRows: number, size: number, maxTileBytes: number): number {
  const most = Math.floor(maxTileBytes / (4 * numRows) / tileUnit) * tileUnit
  return Math.min(Math.max(most, tileUnit), roundUp(size, tileUnit))
}

/** @throws VectorError 'bad-arguments' */
export function checkRows({ count, size }: Rows, weights: Float64Array, numRows = 1): void {
  if (!(count >= 1 && size >= 1 && Number.isInteger(count) && Number.isInteger(size)))
    throw new VectorError('bad-arguments', `${count} rows of ${size} params`)
  if (weights.length !== numRows * count || numRows < 1)
    throw new VectorError('bad-arguments', `${weights.length} weights for ${numRows} × ${count} rows`)
  if (!weights.every(Number.isFinite)) throw new VectorError('not-finite', 'a weight is not finite')
}

/** How many rows an operation sees, checked. @throws VectorError 'bad-arguments' */
export function checkedCount(rows: Rows, mix: Mix | undefined): number {
  if (mix === undefined) checkRows(rows, new Float64Array(rows.count))
  else checkRows(rows, mix.weights, mix.numRows)
  return mix?.numRows ?? rows.count
}

/** @throws VectorError 'not-finite' */
export function checkFinite<Values extends Float32Array | Float64Array>(values: Values): Values {
  // Own loop: `every` takes a callback per value, and there may be ten million.
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) throw notFinite()
  return values
}

export const notFinite = (): VectorError => new VectorError('not-finite', 'a value is NaN or infinite')

/** Operations that share one memory, one at a time, in the order they were asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work)
    this.#last = result.catch(() => undefined)
    return result
  }
}
