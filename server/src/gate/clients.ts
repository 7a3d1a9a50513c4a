import type { Dataset } from '@panal/client-core'

/** By the names of the clients, and not by which of them comes first: numbers say nothing of who it is but an order. */
export function numberedByName(names: readonly string[]): number[] {
  const rank = new Map([...new Set(names)].sort().map((name, index) => [name, index]))
  return names.map((name) => rank.get(name)!)
}

/**
 * [numExamples] whose example each is, as a number. All that have no value are one client's.
 * @throws Error where the dataset lacks the column
 */
export function clientsOf({ columns }: Pick<Dataset, 'columns'>, column: string): Int32Array {
  const names = columns?.[column]
  if (names === undefined) throw new Error(`the set has no column ${column} to tell clients by`)
  return Int32Array.from(numberedByName(names))
}
