import type { Params } from '@panal/client-core'

/** [size] The plain mean of updates of that size, in float64; zeros where there is none. */
export function meanOf(updates: readonly Params[], size: number): Float64Array {
  const mean = new Float64Array(size)
  for (const update of updates) for (let i = 0; i < size; i++) mean[i]! += update[i]!
  return mean.map((sum) => (updates.length === 0 ? 0 : sum / updates.length))
}

/** [size] By how much updates differ in each coordinate: √(Σ (x − mean)² / their number). */
export function deviationsOf(updates: readonly Params[], mean: Float64Array): Float64Array {
  const squares = new Float64Array(mean.length)
  for (const update of updates) for (let i = 0; i < mean.length; i++) squares[i]! += (update[i]! - mean[i]!) ** 2
  return squares.map((sum) => (updates.length === 0 ? 0 : Math.sqrt(sum / updates.length)))
}
