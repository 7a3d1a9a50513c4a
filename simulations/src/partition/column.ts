import { Type } from 'typebox'
import { shuffle } from '@panal/client-core'
import { allIndices, dealt, dealtBy, startsOf } from './dealt.ts'
import { PartitionError } from './partition-error.ts'
import { assertEnough, partitionPolicy, type Partitioner } from './partitioner.ts'

/**
 * The natural partition: examples with the same value in a column (a writer, a hospital) are one device's. Where there are
 * more values than devices, chance takes so many of the values, and the examples of the others are on no device.
 */
export const column = partitionPolicy({
  options: { column: Type.String({ minLength: 1 }) },
  make: ({ column: name }): Partitioner => ({
    name: 'column',
    partition({ y, columns = {} }, numDevices, rng) {
      assertEnough(y.length, numDevices)
      const values = Object.hasOwn(columns, name) ? columns[name] : undefined
      if (values === undefined)
        throw new PartitionError(
          'unknown-column',
          `the data have no column ${name}. ${Object.keys(columns).length === 0 ? 'They have none' : `There are: ${Object.keys(columns).join(', ')}`}`,
        )
      const { owners, numValues } = ownersBy(values, name)
      if (numValues < numDevices)
        throw new PartitionError(
          'too-few-values',
          `column ${name} has ${numValues} different values, too few for ${numDevices} devices. Ask for at most ${numValues}`,
        )
      const { indices, starts, sizes } = dealtBy(owners, allIndices(owners.length), numValues)
      if (numValues === numDevices) return dealt(indices, starts)
      const chosen = shuffle(allIndices(numValues), rng).slice(0, numDevices).sort()
      const chosenStarts = startsOf(Array.from(chosen, (value) => sizes[value]!))
      const kept = new Uint32Array(chosenStarts.at(-1)!)
      chosen.forEach((value, device) =>
        kept.set(indices.subarray(starts[value], starts[value + 1]), chosenStarts[device]),
      )
      return dealt(kept, chosenStarts)
    },
  }),
})

/** Devices are numbered by the values in the order of their code units, so that the order of rows does not matter. */
function ownersBy(values: readonly string[], name: string): { owners: Uint32Array; numValues: number } {
  const missing = values.findIndex((value) => value === '')
  if (missing >= 0)
    throw new PartitionError(
      'missing-value',
      `column ${name} is empty in example ${missing}, so it is nobody’s. Fill it in, or leave the row out`,
    )
  const deviceOf = new Map([...new Set(values)].sort().map((value, device) => [value, device]))
  return { owners: Uint32Array.from(values, (value) => deviceOf.get(value)!), numValues: deviceOf.size }
}
