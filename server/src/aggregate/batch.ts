import type { Params } from '@panal/client-core'
import type { UpdateFacts } from '../strategy/strategy.ts'
import { type Mix, type Rows, type Selection, type VectorEngine, VectorError } from '../vector/engine.ts'
import { pickedRows, scaledRows, withPlace } from '../vector/made-rows.ts'
import { shared } from '../vector/places.ts'

/** What a batch is made of. */
interface Parts {
  readonly rows: Rows
  /** The rows are what this makes of `rows`; without it, those themselves. */
  readonly mix?: Mix
  /** [numRows] */
  readonly weights: Float64Array
  /** [numRows] L2 norms, where they are known without looking. */
  readonly norms?: Float64Array
}

/**
 * All updates of a round at once, as rows in canonical order, and the engine to work on them. What is done to them before a
 * rule comes is algebra on their number, not on their params: a batch that is made of another holds no rows of its own.
 */
export class Batch {
  readonly numRows: number
  /** [numRows] */
  readonly weights: Float64Array
  readonly #parts: Parts
  readonly #engine: VectorEngine

  constructor(engine: VectorEngine, parts: Parts) {
    this.#engine = engine
    this.#parts = parts
    this.numRows = parts.mix?.numRows ?? parts.rows.count
    this.weights = parts.weights
  }

  static of(engine: VectorEngine, rows: Rows, facts: readonly UpdateFacts[]): Batch {
    const weights = Float64Array.from(facts, ({ weight }) => weight)
    return new Batch(engine, { rows, weights, norms: Float64Array.from(facts, ({ norm }) => norm) })
  }

  /** Σ coefficients[r] · row r / divisor. */
  combine(coefficients: Float64Array, divisor = 1): Promise<Params> {
    const { rows, mix } = this.#parts
    return this.#engine.weightedSum(rows, mix === undefined ? coefficients : through(mix, coefficients), divisor)
  }

  select(by: Selection): Promise<Params> {
    return this.#engine.select(this.#parts.rows, by, this.#parts.mix)
  }

  /** ‖row i − row j‖² at i · numRows + j. */
  squaredDistances(): Promise<Float64Array> {
    return this.#engine.squaredDistances(this.#parts.rows, this.#parts.mix)
  }

  /** The same with one row more at the end, all zeros: ‖row i‖² is at i · (numRows + 1) + numRows. */
  squaredDistancesAndNorms(): Promise<Float64Array> {
    return this.withRow('zeros').squaredDistances()
  }

  /** These rows and one more at the end, which weighs nothing: [size] values, or zeros. */
  withRow(row: Params | 'zeros'): Batch {
    const { rows, mix } = this.#parts
    const weights = new Float64Array(this.numRows + 1)
    weights.set(this.weights)
    const more = row === 'zeros' ? withPlace(rows, row) : withValues(rows, row)
    if (mix === undefined) return new Batch(this.#engine, { rows: more, weights })
    const mixed = new Float64Array((mix.numRows + 1) * more.count)
    for (let r = 0; r < mix.numRows; r++)
      mixed.set(mix.weights.subarray(r * rows.count, (r + 1) * rows.count), r * more.count)
    mixed[mixed.length - 1] = 1
    return new Batch(this.#engine, { rows: more, mix: { numRows: mix.numRows + 1, weights: mixed }, weights })
  }

  /** [numRows] L2 norms. */
  async norms(): Promise<Float64Array> {
    if (this.#parts.norms !== undefined) return this.#parts.norms
    const squared = await this.squaredDistancesAndNorms()
    return Float64Array.from({ length: this.numRows }, (_, i) => Math.sqrt(squared[(i + 1) * (this.numRows + 1) - 1]!))
  }

  /** Row r times scales[r]. */
  scaled(scales: Float64Array): Batch {
    const { rows, mix, weights, norms } = this.#parts
    const scaledNorms = norms && { norms: norms.map((norm, r) => norm * scales[r]!) }
    if (mix === undefined) return new Batch(this.#engine, { rows: scaledRows(rows, scales), weights, ...scaledNorms })
    const scaledMix = { ...mix, weights: mix.weights.map((w, i) => w * scales[Math.floor(i / rows.count)]!) }
    return new Batch(this.#engine, { rows, mix: scaledMix, weights, ...scaledNorms })
  }

  /** New rows, each a sum of these: they stand for no device, and weigh 1 each. */
  mixed({ numRows, weights }: Mix): Batch {
    const { rows, mix } = this.#parts
    const ones = new Float64Array(numRows).fill(1)
    if (mix === undefined) return new Batch(this.#engine, { rows, mix: { numRows, weights }, weights: ones })
    const composed = new Float64Array(numRows * rows.count)
    for (let r = 0; r < numRows; r++)
      composed.set(through(mix, weights.subarray(r * mix.numRows, (r + 1) * mix.numRows)), r * rows.count)
    return new Batch(this.#engine, { rows, mix: { numRows, weights: composed }, weights: ones })
  }

  /** These rows alone, in this order. */
  picked(indices: readonly number[]): Batch {
    const { rows, mix, weights } = this.#parts
    const own = { weights: Float64Array.from(indices, (i) => weights[i]!) }
    if (mix === undefined) return new Batch(this.#engine, { rows: pickedRows(rows, indices), ...own })
    const { count } = rows
    const picked = new Float64Array(indices.length * count)
    indices.forEach((i, r) => picked.set(mix.weights.subarray(i * count, (i + 1) * count), r * count))
    return new Batch(this.#engine, { rows, mix: { numRows: indices.length, weights: picked }, ...own })
  }
}

/** What each row is taken times for a sum of what a mix makes. */
function through({ numRows, weights }: Mix, coefficients: Float64Array): Float64Array {
  const count = weights.length / numRows
  if (coefficients.length !== numRows)
    throw new VectorError('bad-arguments', `${coefficients.length} coefficients for ${numRows} rows`)
  const result = new Float64Array(count)
  for (let r = 0; r < numRows; r++)
    for (let k = 0; k < count; k++) result[k]! += coefficients[r]! * weights[r * count + k]!
  return result
}

/** @throws VectorError 'bad-arguments' */
function withValues(rows: Rows, values: Params): Rows {
  if (values.length !== rows.size)
    throw new VectorError('bad-arguments', `a row of ${values.length} params beside rows of ${rows.size}`)
  return withPlace(rows, shared(values))
}
