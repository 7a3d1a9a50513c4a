import { isMissing } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { when } from '../../registry/document-errors.ts'
import {
  cellOf,
  columnMisfits,
  featureOf,
  numericValues,
  valuesOf,
  withColumns,
  type NumericValues,
} from './columns.ts'
import type { DatasetVariation } from './variation.ts'

/** How far a column is moved, as `move-column` and those that use it take it. */
export const Step = {
  by: Type.Optional(Type.Number({ description: 'in the unit of the column; less than 0 moves it down' })),
  quantiles: Type.Optional(
    Type.Number({
      minimum: -1,
      maximum: 1,
      description: 'as a share of the set: 0.25 moves a value past a quarter of the values; less than 0 moves it down',
    }),
  ),
}

/**
 * One numeric column goes up (or down, where the step is under 0) for every example, as far as the range of the set allows.
 * Missing values stay missing.
 */
export const moveColumn = policy({
  options: { column: Type.String({ minLength: 1, maxLength: 80 }), ...Step },
  variant: (options) => JSON.stringify(options),
  misfits: ({ column, by, quantiles }, terms) => [
    ...columnMisfits(column, terms, 'numeric'),
    ...when((by === undefined) === (quantiles === undefined), '/by', 'give either this or quantiles'),
  ],
  make: ({ column: name, by, quantiles }): DatasetVariation => ({
    vary: ({ dataset }, schema) => {
      const column = featureOf(schema, name)
      const was = valuesOf(dataset, column)
      const of = numericValues(was)
      const move = quantiles === undefined ? (value: number) => value + (by ?? 0) : alongQuantiles(of, quantiles)
      const values = was.map((raw) => (isMissing(raw) ? raw : cellOf(move(Number(raw)), of)))
      return withColumns(dataset, schema, [{ column, values }])
    },
  }),
})

/** The value of the set that lies so many of its values further on; never the other way, whatever ties there are. */
function alongQuantiles({ sorted }: NumericValues, step: number): (value: number) => number {
  const n = sorted.length
  return (value) => {
    if (step >= 0) return sorted[Math.min(n, rank(sorted, value, true) + Math.ceil(step * n)) - 1]!
    return sorted[Math.max(0, rank(sorted, value, false) - Math.ceil(-step * n))]!
  }
}

/** How many are under the value; with `orEqual`, or equal to it. */
function rank(sorted: Float64Array, value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value || (orEqual && sorted[middle] === value)) low = middle + 1
    else high = middle
  }
  return low
}
