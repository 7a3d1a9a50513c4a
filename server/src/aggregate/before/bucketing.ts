import { makeRng, shuffle } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import type { Mix } from '../../vector/engine.ts'
import type { PreAggregator } from '../whole-batch.ts'

/**
 * Plain means of s updates each, drawn at random: rules then see fewer rows that are more alike. Who is with whom depends
 * on the seed and on the norms of all updates, so that it changes from round to round, no device can choose it, and the same
 * updates give the same bytes. The last mean may be of fewer. Source: Karimireddy et al. 2022, arXiv:2006.09365
 */
export const bucketing = policy({
  options: {
    s: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      description: 'updates in one mean; attackers in the rows grow s times',
    }),
    seed: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }),
  },
  make: ({ s, seed }): PreAggregator => ({
    name: 'bucketing',
    minUpdates: (next) => s * (next - 1) + 1,
    async apply(batch) {
      const order = shuffle([...Array(batch.numRows).keys()], makeRng(`${seed} ${(await batch.norms()).join()}`))
      return batch.mixed(buckets(order, s))
    },
  }),
})

/** Rows of an order, `s` after `s`. */
export function buckets(order: readonly number[], s: number): Mix {
  const numRows = Math.ceil(order.length / s)
  const weights = new Float64Array(numRows * order.length)
  for (let bucket = 0; bucket < numRows; bucket++) {
    const members = order.slice(bucket * s, (bucket + 1) * s)
    for (const member of members) weights[bucket * order.length + member] = 1 / members.length
  }
  return { numRows, weights }
}
