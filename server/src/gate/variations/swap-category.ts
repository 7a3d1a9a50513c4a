import { uniformInt } from '@panal/client-core'
import { tablePerturbation } from './columns.ts'

/** That share of a table's categories becomes another listed one at random, as when somebody takes the wrong line of a form. */
export const swapCategory = tablePerturbation([0.05, 0.1, 0.2, 0.3, 0.5], (share, column) => {
  if (column.kind !== 'categorical' || column.values.length < 2) return undefined
  const { values: listed } = column
  const indexOf = new Map(listed.map((value, index) => [value, index]))
  return (raw, chance) => {
    const isSwapped = chance.uniform() < share
    const step = 1 + uniformInt(chance, listed.length - 1)
    const index = indexOf.get(raw)
    return isSwapped && index !== undefined ? listed[(index + step) % listed.length] : undefined
  }
})
