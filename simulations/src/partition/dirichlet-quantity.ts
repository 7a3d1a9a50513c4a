import { Type } from 'typebox'
import { shuffle } from '@panal/client-core'
import { allIndices, dealt, sizesInProportion, startsOf } from './dealt.ts'
import { dirichletShares } from './dirichlet-shares.ts'
import { assertEnough, assertPositive, partitionPolicy, type Partitioner } from './partitioner.ts'

/**
 * Quantity skew: every device gets a uniform sample, and how large is drawn from a symmetric Dirichlet distribution; nobody
 * has less than one example. Source: Li et al. 2022, arXiv:2102.02079, section IV-C.
 */
export const dirichletQuantity = partitionPolicy({
  options: { alpha: Type.Number({ exclusiveMinimum: 0 }) },
  make: ({ alpha }): Partitioner => {
    assertPositive('alpha', alpha)
    return {
      name: 'dirichlet-quantity',
      partition({ y }, numDevices, rng) {
        assertEnough(y.length, numDevices)
        const shares = dirichletShares(new Array<number>(numDevices).fill(alpha), rng.fork('shares'))
        return dealt(shuffle(allIndices(y.length), rng.fork('order')), startsOf(sizesInProportion(shares, y.length)))
      },
    }
  },
})
