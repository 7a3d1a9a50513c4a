import { isMissing } from '@panal/client-core'
import { cellOf, numericValues, quantile, tablePerturbation } from './columns.ts'

/**
 * Gaussian noise on every number of a table, its standard deviation so many interquartile ranges of the column in the set:
 * no unit of measure matters. Categories stay, and so do columns without such a range (half their values are the same one).
 */
export const noise = tablePerturbation([0.05, 0.1, 0.2, 0.35, 0.5], (ranges, column, values) => {
  if (column.kind !== 'numeric') return undefined
  const of = numericValues(values)
  if (of.sorted.length === 0) return undefined
  const std = ranges * (quantile(of, 0.75) - quantile(of, 0.25))
  if (std === 0) return undefined
  return (raw, chance) => {
    const draw = chance.normal()
    return isMissing(raw) ? undefined : cellOf(Number(raw) + std * draw, of)
  }
})
