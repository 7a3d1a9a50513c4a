import type { Mix, Rows, VectorEngine } from '../../../server/src/vector/engine.ts'

/** Updates in this process's memory, and what reading them has taken. */
export class Workload {
  readonly count: number
  readonly size: number
  readonly #values: readonly Float32Array[]
  #readMs = 0

  /** Uniform in [−0.5, 0.5), the same on every machine. */
  constructor(count: number, size: number) {
    this.count = count
    this.size = size
    let state = 1
    this.#values = Array.from({ length: count }, () => {
      const row = new Float32Array(size)
      for (let i = 0; i < size; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0 // Numerical Recipes' generator
        row[i] = state * 2 ** -32 - 0.5
      }
      return row
    })
  }

  /** Copied into the engine's memory, as an update that has been received is. */
  get copied(): Rows {
    return {
      count: this.count,
      size: this.size,
      read: (start, into) => {
        const begin = performance.now()
        for (const [k, row] of into.entries()) row.set(this.#values[k]!.subarray(start, start + row.length))
        this.#readMs += performance.now() - begin
      },
    }
  }

  /** Already in the engine's memory: whatever it holds is worked on. What is left is the engine alone. */
  get inPlace(): Rows {
    return { count: this.count, size: this.size, read: () => undefined }
  }

  takeReadMs(): number {
    const ms = this.#readMs
    this.#readMs = 0
    return ms
  }
}

/** Attackers that the rules allow for. */
const attackersOf = ({ count }: Pick<Rows, 'count'>): number => Math.floor(0.2 * count)

/** What is measured, as an engine's operations: the rules of server/src/aggregate without their refusals. */
export const rules: Readonly<Record<string, (engine: VectorEngine, rows: Rows) => Promise<Float32Array>>> = {
  mean: (engine, rows) => engine.weightedSum(rows, new Float64Array(rows.count).fill(3), 3 * rows.count),
  'trimmed mean': (engine, rows) => engine.select(rows, { by: 'trimmed-mean', trim: attackersOf(rows) }),
  median: (engine, rows) => engine.select(rows, { by: 'median' }),
  'multi-Krum': async (engine, rows) => {
    const distances = await engine.squaredDistances(rows)
    const numKept = rows.count - attackersOf(rows)
    const scores = Array.from({ length: rows.count }, (_, i) => {
      const others = distances.slice(i * rows.count, (i + 1) * rows.count).sort() // itself comes first, at 0
      return others.subarray(1, numKept - 1).reduce((sum, each) => sum + each, 0)
    })
    const kept = new Set([...scores.keys()].sort((a, b) => scores[a]! - scores[b]! || a - b).slice(0, numKept))
    const weights = Float64Array.from({ length: rows.count }, (_, k) => Number(kept.has(k)))
    return engine.weightedSum(rows, weights, numKept)
  },
  'NNM, trimmed mean': async (engine, rows) => {
    const mix = nearestNeighbours(await engine.squaredDistances(rows), rows.count)
    return engine.select(rows, { by: 'trimmed-mean', trim: attackersOf(rows) }, mix)
  },
}

/** Every row the mean of its nearest, itself included. */
function nearestNeighbours(distances: Float64Array, count: number): Mix {
  const weights = new Float64Array(count * count)
  const numNearest = count - attackersOf({ count })
  for (let i = 0; i < count; i++) {
    const own = distances.subarray(i * count, (i + 1) * count)
    const nearest = [...own.keys()].sort((a, b) => own[a]! - own[b]! || a - b).slice(0, numNearest)
    for (const j of nearest) weights[i * count + j] = 1 / numNearest
  }
  return { numRows: count, weights }
}
