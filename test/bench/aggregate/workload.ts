import type { Mix, Rows, VectorEngine } from '../../../server/src/vector/engine.ts'

/** Updates as an engine is given them, and what reading them has taken since this was last asked. */
export interface Source {
  readonly input: 'copied' | 'in place' | 'files' | 'files, all threads'
  readonly rows: Rows
  takeReadMs(): number
}

/** Times every read. */
export function timedSource(input: Source['input'], rows: Rows): Source {
  let readMs = 0
  const read: Rows['read'] = (...part) => {
    const begin = performance.now()
    void rows.read(...part) // none of these waits for anything
    readMs += performance.now() - begin
  }
  const takeReadMs = () => {
    const ms = readMs
    readMs = 0
    return ms
  }
  return { input, rows: { count: rows.count, size: rows.size, read }, takeReadMs }
}

/** Read by others than the engine's thread, which tell nobody how long that takes. */
export const untimedSource = (input: Source['input'], rows: Rows): Source => ({ input, rows, takeReadMs: () => 0 })

/** One update after another, uniform in [−0.5, 0.5), the same on every machine; each is a new array. */
export function* updates(count: number, size: number): Generator<Float32Array<ArrayBuffer>> {
  let state = 1
  for (let k = 0; k < count; k++) {
    const row = new Float32Array(size)
    for (let i = 0; i < size; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0 // Numerical Recipes' generator
      row[i] = state * 2 ** -32 - 0.5
    }
    yield row
  }
}

/** Copied into the engine's memory, as an update that has been received is. */
export function copied(values: readonly Float32Array[]): Source {
  return timedSource('copied', {
    count: values.length,
    size: values[0]!.length,
    read: (start, into, first = 0) =>
      into.forEach((row, k) => row.set(values[first + k]!.subarray(start, start + row.length))),
  })
}

/**
 * Already in the engine's memory: whatever it holds is worked on. What is left is the engine alone; of a mean on the wasm
 * engine, which reads four rows at a time into the same place, what it does with rows that the cache has.
 */
export const inPlace = (count: number, size: number): Source =>
  timedSource('in place', { count, size, read: () => undefined })

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
