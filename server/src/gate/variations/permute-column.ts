import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { columnMisfits, featureOf, valuesOf, withColumns } from './columns.ts'
import type { DatasetVariation } from './variation.ts'

/**
 * Every example gets the value that another one has in one column: the column keeps its values and loses what it says. The
 * examples are put into a random ring by their names, and each takes the value of the next.
 */
export const permuteColumn = policy({
  options: { column: Type.String({ minLength: 1, maxLength: 80 }) },
  variant: ({ column }) => column,
  misfits: ({ column }, terms) => columnMisfits(column, terms),
  make: ({ column: name }): DatasetVariation => ({
    vary: ({ dataset, ids }, schema, rng) => {
      const column = featureOf(schema, name)
      const keys = Float64Array.from(ids, (id) => rng.fork(id).uniform())
      // Equal names are equal contents, so it does not matter which of those comes first.
      const ring = Int32Array.from(keys.keys()).sort((a, b) => keys[a]! - keys[b]! || (ids[a]! < ids[b]! ? -1 : 1))
      const was = valuesOf(dataset, column)
      const values = was.slice()
      ring.forEach((row, at) => (values[row] = was[ring[(at + 1) % ring.length]!]!))
      return withColumns(dataset, schema, [{ column, values }])
    },
  }),
})
