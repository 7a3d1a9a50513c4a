import { Type } from 'typebox'
import { shuffle } from '@panal/client-core'
import { allIndices, dealt, sizesInProportion, startsOf } from './dealt.ts'
import { assertEnough, assertPositive, partitionPolicy, type Partitioner } from './partitioner.ts'

/** How the size of device i, counted from 0, grows; of n devices, and scaled so that nothing overflows. */
const weightOf = {
  linear: (i: number, n: number) => (i + 1) / n,
  square: (i: number, n: number) => ((i + 1) / n) ** 2,
  exponential: (i: number, n: number, rate: number) => Math.exp(rate * (i + 1 - n)),
} as const

/**
 * Uniform samples whose sizes grow with the device's number: in proportion to i, i² or e^(`rate` · i), counted from 1. Nobody
 * has less than one example, and with a `rate` of 1 all but the last dozen devices have no more.
 * Source: the linear, square and exponential partitioners of Flower Datasets.
 */
export const sizes = partitionPolicy({
  options: {
    growth: Type.Union([Type.Literal('linear'), Type.Literal('square'), Type.Literal('exponential')]),
    rate: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  },
  make: ({ growth, rate = 1 }): Partitioner => {
    assertPositive('rate', rate)
    return {
      name: 'sizes',
      partition({ y }, numDevices, rng) {
        assertEnough(y.length, numDevices)
        const weights = Array.from({ length: numDevices }, (_, i) => weightOf[growth](i, numDevices, rate))
        return dealt(shuffle(allIndices(y.length), rng), startsOf(sizesInProportion(weights, y.length)))
      },
    }
  },
})
