import { dirichlet } from './dirichlet.ts'
import { iid } from './iid.ts'

/** How training data can be dealt to devices. A new partitioner is one file and one line here. */
export const partitioners = { iid, dirichlet }
export type PartitionName = keyof typeof partitioners
export const partitionNames = Object.keys(partitioners) as PartitionName[]
