import { isMissing } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { when } from '../../registry/document-errors.ts'
import { columnMisfits, featureOf, valuesOf, withColumns } from './columns.ts'
import type { DatasetVariation } from './variation.ts'

/** One column gets the same value everywhere: what would the model say if all of them were married? */
export const setColumn = policy({
  options: {
    column: Type.String({ minLength: 1, maxLength: 80 }),
    value: Type.String({ maxLength: 80, description: 'a listed category, or a number; empty is missing' }),
  },
  variant: ({ column, value }) => `${column} ${value}`,
  misfits: ({ column: name, value }, terms) => {
    const wrong = columnMisfits(name, terms)
    if (wrong.length > 0 || isMissing(value)) return wrong
    const column = featureOf(terms.data, name)
    return column.kind === 'numeric'
      ? when(!Number.isFinite(Number(value)), '/value', 'must be a number')
      : when(!column.values.includes(value), '/value', `must be a value that ${name} lists`)
  },
  make: ({ column: name, value }): DatasetVariation => ({
    vary: ({ dataset }, schema) => {
      const column = featureOf(schema, name)
      const values = valuesOf(dataset, column).map(() => value)
      return withColumns(dataset, schema, [{ column, values }])
    },
  }),
})
