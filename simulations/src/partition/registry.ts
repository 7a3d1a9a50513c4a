import type { PolicyRegistry } from '@panal/server'
import { column } from './column.ts'
import { dirichletQuantity } from './dirichlet-quantity.ts'
import { dirichlet } from './dirichlet.ts'
import { iid } from './iid.ts'
import type { Partitioner } from './partitioner.ts'
import { pathological } from './pathological.ts'
import { shards } from './shards.ts'
import { sizes } from './sizes.ts'

/** How training data can be dealt to devices. A new partitioner is one file and one line here. */
export const partitioners = {
  iid,
  shards,
  dirichlet,
  'dirichlet-quantity': dirichletQuantity,
  pathological,
  column,
  sizes,
} as const satisfies PolicyRegistry<Partitioner>

/** Those that `demo` and `fleet` offer: `alpha` is all that there is to say of them. */
export const partitionNames = ['iid', 'dirichlet'] as const satisfies (keyof typeof partitioners)[]
export type PartitionName = (typeof partitionNames)[number]
