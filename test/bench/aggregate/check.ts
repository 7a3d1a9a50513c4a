import type { Rng } from '@panal/client-core'
import type { Selection, VectorEngine } from '../../../server/src/vector/engine.ts'
import { scaledRows } from '../../../server/src/vector/made-rows.ts'
import { randomRows, reference, rowsOf } from '../../fixtures/vector-rows.ts'

/** The greatest error of one operation against float64, over what the engines promise it against. */
export interface Checked {
  readonly operation: string
  readonly numUpdates: number
  readonly numParams: number
  readonly error: number
  readonly isSame: boolean
}

const shapes = [
  [1, 1],
  [1, 100_003],
  [3, 64],
  [9, 1027],
  [33, 10_007],
  [100, 10_001],
  [200, 2_003],
  [3, 1_000_003],
] as const

/** What the contract suite asks of an engine, on the device that is here: within 1e-6, and the same bytes twice. */
export async function checkEngine(engine: VectorEngine, rng: Rng): Promise<Checked[]> {
  const checked: Checked[] = []
  for (const [count, size] of shapes) {
    const values = randomRows(rng.fork(`${count} ${size}`), count, size)
    const rows = rowsOf(values)
    const weights = Float64Array.from({ length: count }, (_, k) => 1 + ((k * 7) % 13) / 3)
    const check = async (
      operation: string,
      run: () => Promise<Float32Array | Float64Array>,
      wanted: Float64Array,
      against: (i: number) => number,
    ) => {
      const found = await run()
      const again = await run()
      const error = wanted.reduce((most, value, i) => {
        const off = Math.abs(found[i]! - value)
        return off === 0 ? most : Math.max(most, off / against(i))
      }, 0)
      const isSame = Buffer.from(found.buffer).equals(Buffer.from(again.buffer))
      checked.push({ operation, numUpdates: count, numParams: size, error, isSame })
    }
    const magnitude = reference.magnitude(values, weights, 3)
    const sum = reference.weightedSum(values, weights, 3)
    await check(
      'weighted sum',
      () => engine.weightedSum(rows, weights, 3),
      sum,
      (i) => magnitude[i]!,
    )
    const distances = reference.squaredDistances(values)
    await check(
      'distances',
      () => engine.squaredDistances(rows),
      distances,
      (i) => distances[i]!,
    )
    const largest = (i: number) => Math.max(...values.map((row) => Math.abs(row[i]!)))
    const selections: Selection[] = [
      { by: 'median' },
      { by: 'trimmed-mean', trim: Math.floor((count - 1) / 4) },
      { by: 'nearest-median', count: Math.ceil(count / 2) },
    ]
    for (const by of selections)
      await check(by.by, () => engine.select(rows, by), reference.select(values, by), largest)
    const scales = weights.map((weight) => 1 / weight)
    const scaled = values.map((row, k) => row.map((value) => value * scales[k]!))
    const median = reference.select(scaled, selections[0]!)
    await check('median of scaled rows', () => engine.select(scaledRows(rows, scales), selections[0]!), median, largest)
  }
  return checked
}
