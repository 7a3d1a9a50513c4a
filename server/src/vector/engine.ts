/**
 * K vectors of equal length in one fixed order, read a tile at a time: some params of all rows. Whoever gives rows has
 * put them in canonical order, so that the same updates give the same bytes whatever order they came in.
 */
export interface Rows {
  /** K, at least 1. */
  readonly count: number
  /** Params per row, at least 1. */
  readonly size: number
  /**
   * Fills `into[k]` with row `first + k` (0 if not given) from param `start` on, as many as its length (never beyond the
   * size). The arrays are the engine's own memory: do not keep them. It may be asked for a second part before the first is
   * there. An operation may be followed by another pass.
   */
  read(start: number, into: readonly Float32Array[], first?: number): Promise<void> | void
  /** [count] Where each lies, if other threads can read it, too. */
  readonly places?: readonly Place[]
  /** Rows are these, each times its scale, for engines that read or multiply otherwise than `read` does. */
  readonly scaled?: ScaledRows
}

/** [count] Each row's factor. A product is rounded to float32; what is refused is what is not finite then. The rows themselves are not scaled. */
export interface ScaledRows {
  readonly of: Rows
  readonly scales: Float64Array
}

/** Where any thread can read a row: in memory that threads share; in a file that is open, as float32 from its beginning; or nowhere: all zeros. */
export type Place = Float32Array<SharedArrayBuffer> | { readonly fd: number } | 'zeros'

/**
 * Rows that are computed, not read: new row r is Σ weights[r · K + k] · row k. Rounded to float32, a tile at a time, so
 * that what nearest-neighbour mixing or bucketing put in a row's place is never held whole.
 */
export interface Mix {
  readonly numRows: number
  readonly weights: Float64Array
}

/**
 * One number of a coordinate's K values: the mean of the two or one middle ones; the mean of those left without the `trim`
 * lowest and highest; or the mean of the `count` nearest the median, as differences in float32 say, of two equally near
 * the lower.
 */
export type Selection =
  | { readonly by: 'median' }
  | { readonly by: 'trimmed-mean'; readonly trim: number }
  | { readonly by: 'nearest-median'; readonly count: number }

/**
 * The few operations on K × size numbers that every aggregation rule is made of; the rest of a rule is algebra on K × K
 * numbers in float64. Memory is bounded by tiles: K × tile, whatever the size. Operations of one engine run one at a time.
 * Law: same rows, same bytes on the same engine and device. Error against float64: at most 1e-6 of Σ |weight · x| for a
 * sum, of the largest |x| for a selection, of the distance itself for a distance.
 * @throws VectorError 'not-finite' if a row or a result is not finite, 'device-lost', 'bad-arguments'; what `read` throws
 */
export interface VectorEngine {
  readonly name: string
  /** What it computes on, for people: a GPU's name, a backend. */
  readonly device: string
  /** Σ weights[k] · row k / divisor. */
  weightedSum(rows: Rows, weights: Float64Array, divisor?: number): Promise<Float32Array>
  /** ‖row i − row j‖² at i · K + j, by direct difference (|x|² + |y|² − 2xy cancels); K is the mix's where there is one. */
  squaredDistances(rows: Rows, mix?: Mix): Promise<Float64Array>
  /** One selected number per coordinate, of the rows or of what the mix makes of them. */
  select(rows: Rows, by: Selection, mix?: Mix): Promise<Float32Array>
  /** Gives back what it needs only while it works; it may be asked again. */
  rest?(): void
  /** Gives memory and device back. */
  close(): void
}

export interface EngineOptions {
  /** Most bytes of one tile of all rows; a limit of the device may make it smaller. Rows then are shorter, at least 64 params. */
  readonly maxTileBytes?: number
}

export class VectorError extends Error {
  override readonly name = 'VectorError'
  constructor(
    readonly code: 'not-finite' | 'device-lost' | 'no-device' | 'bad-arguments',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
