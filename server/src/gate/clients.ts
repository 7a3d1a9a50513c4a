import { createHash } from 'node:crypto'
import type { Dataset } from '@panal/client-core'
import type { Examples } from './contract.ts'

/** Whose example each is: a number, and by number 16 hex digits of the name's SHA-256, for no name leaves the data. */
export type Clients = Required<Pick<Examples, 'clusters' | 'clusterIds'>>

/** Numbers go by the names of the clients, and not by which of them comes first. @param names [numExamples] */
export function clientsNamed(names: readonly string[]): Clients {
  const known = [...new Set(names)].sort()
  const rank = new Map(known.map((name, index) => [name, index]))
  return {
    clusters: Int32Array.from(names, (name) => rank.get(name)!),
    clusterIds: known.map((name) => createHash('sha256').update(name).digest('hex').slice(0, 16)),
  }
}

/** By a column. All that have no value are one client's. @throws Error where the dataset lacks the column */
export function clientsOf({ columns }: Pick<Dataset, 'columns'>, column: string): Clients {
  const names = columns?.[column]
  if (names === undefined) throw new Error(`the set has no column ${column} to tell clients by`)
  return clientsNamed(names)
}
