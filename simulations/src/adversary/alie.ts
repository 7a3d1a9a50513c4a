import { normalQuantile } from '@panal/server'
import { Type } from 'typebox'
import { attackPolicy } from './attack.ts'
import { deviationsOf, meanOf } from './honest-moments.ts'

/**
 * "A little is enough": all send mean − z · standard deviation of the honest updates, coordinate by coordinate. z is as large
 * as it can be while enough honest updates are farther out to make a majority with the adversaries. Where there is no honest
 * update to go by, each sends what it trained. Source: Baruch et al. 2019, arXiv:1902.06156, algorithm 3
 */
export const alie = attackPolicy({
  options: {
    z: Type.Optional(
      Type.Number({ description: 'in standard deviations; what n and f of the round allow, if not given' }),
    ),
  },
  make: ({ z }) => ({
    name: 'alie',
    seesHonest: true,
    forge({ own, honest, n, f }) {
      if (honest.length === 0) return own
      const mean = meanOf(honest, own[0]!.length)
      const deviations = deviationsOf(honest, mean)
      const far = z ?? greatestZ(n, f)
      const sent = Float32Array.from(mean, (x, i) => x - far * deviations[i]!)
      return own.map(() => sent)
    },
  }),
})

/**
 * Φ⁻¹((n − f − s) / (n − f)), where s = ⌊n/2 + 1⌋ − f honest updates make a majority with f adversaries. The paper has a
 * minority of adversaries: s is at least 1 here. Where most honest updates would have to support them it is below 0, which
 * would push the other way: 0. Less than two honest updates deviate from nothing: 0.
 */
export function greatestZ(n: number, f: number): number {
  const numHonest = n - f
  const supporters = Math.max(1, Math.floor(n / 2 + 1) - f)
  return numHonest <= supporters ? 0 : Math.max(0, normalQuantile((numHonest - supporters) / numHonest))
}
