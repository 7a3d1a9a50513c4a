/**
 * @jest-environment <rootDir>/test/native-environment.mjs
 */
import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { vectorEngines } from '@panal/server'
import { randomRows, rowsOf } from '../fixtures/vector-rows.ts'

/** A prime, so that no tile, workgroup or vector of any engine divides it. */
const size = 10_000_019
const made = randomRows(makeRng('large models'), 3, size)
const rows = rowsOf(made)
const weights = Float64Array.of(1, 2.5, 4)
const divisor = 7.5

// Held once, for a test's globals are slow to look up: ten million times.
const { abs, max, min } = Math

/** Greatest error of each result in float64: of Σ |weight · x| / divisor, and of the largest value. */
function greatestErrors(sum: Float32Array, median: Float32Array): { sum: number; median: number } {
  const [a, b, c] = made as [Float32Array, Float32Array, Float32Array]
  const [u, v, w] = [...weights].map((weight) => weight / divisor) as [number, number, number]
  const most = { sum: 0, median: 0 }
  for (let i = 0; i < size; i++) {
    const [x, y, z] = [a[i]!, b[i]!, c[i]!]
    const magnitude = u * abs(x) + v * abs(y) + w * abs(z)
    most.sum = max(most.sum, abs(sum[i]! - (u * x + v * y + w * z)) / magnitude)
    const middle = max(min(x, y), min(max(x, y), z))
    most.median = max(most.median, abs(median[i]! - middle) / max(abs(x), abs(y), abs(z)))
  }
  return most
}

describe.each(Object.entries(vectorEngines))('vector engine %s, of 3 rows of 10,000,019 params', (_, open) => {
  it('sums within 1e-6 of Σ |weight · x|, and selects within 1e-6 of the largest value', async () => {
    const engine = await open({})
    try {
      const sum = await engine.weightedSum(rows, weights, divisor)
      const median = await engine.select(rows, { by: 'median' })
      expect([sum.length, median.length]).toEqual([size, size])
      // of NaN anywhere the greatest is NaN, which is not below
      const most = greatestErrors(sum, median)
      expect(most.sum).toBeLessThanOrEqual(1e-6)
      expect(most.median).toBeLessThanOrEqual(1e-6)
    } finally {
      engine.close()
    }
  }, 300_000)
})

/** A GPU's engine sorts many values in a workgroup's memory by 32, 16 or 8 coordinates, and too many for that where they lie. */
describe.each([128, 257, 513, 1025])('of %d rows', (count) => {
  const many = randomRows(makeRng('many'), count, 259)
  const sorted = Array.from({ length: 259 }, (_, i) => Float64Array.from(many, (row) => row[i]!).sort())
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length

  it.each(Object.entries(vectorEngines))(
    'vector engine %s finds the median and a trimmed mean',
    async (_, open) => {
      const engine = await open({})
      try {
        const trim = Math.floor(count / 5)
        const median = await engine.select(rowsOf(many), { by: 'median' })
        const trimmed = await engine.select(rowsOf(many), { by: 'trimmed-mean', trim })
        for (const [i, column] of sorted.entries()) {
          const most = Math.max(...column.map(abs))
          const middle = mean(column.subarray(Math.ceil(count / 2) - 1, Math.floor(count / 2) + 1))
          expect(abs(median[i]! - middle)).toBeLessThanOrEqual(1e-6 * most)
          expect(abs(trimmed[i]! - mean(column.subarray(trim, count - trim)))).toBeLessThanOrEqual(1e-6 * most)
        }
      } finally {
        engine.close()
      }
    },
    120_000,
  )
})
