import type { Examples } from '../contract.ts'
import type { Segment } from '../segments.ts'

/** Values of columns that make a segment; none: all examples. */
export type Where = Segment['where']

/** Rising places of the examples that have all these values. @throws Error where the set lacks a column or a value */
export function membersOf({ segments, numExamples }: Examples, where: Where): Int32Array {
  const conditions = where.map(({ column: name, value }) => {
    const column = segments.find((each) => each.name === name)
    const code = column?.values.indexOf(value) ?? -1
    if (column === undefined || code < 0) throw new Error(`the set has no ${name}=${value}`)
    return { codes: column.codes, code }
  })
  return Int32Array.from({ length: numExamples }, (_, place) => place).filter((place) =>
    conditions.every(({ codes, code }) => codes[place] === code),
  )
}
