import { Type } from 'typebox'
import { policy } from '../policy.ts'
import { distancesFrom } from './affine.ts'
import { onWholeBatch } from './whole-batch.ts'

/**
 * v ← v + mean((xᵢ − v) · min(1, τ / ‖xᵢ − v‖)), some times over, from what the last round came to; from v = 0 in the first:
 * no update moves the result by more than τ / n a step, so that a round comes no further than τ times the steps from where the
 * last one was. Ignores weights. Source: Karimireddy et al. 2021, arXiv:2012.10333
 */
export const centredClipping = policy({
  options: {
    tau: Type.Number({ exclusiveMinimum: 0, description: 'how far one update may be from the point and count whole' }),
    steps: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 10 })),
  },
  make: ({ tau, steps = 10 }) =>
    onWholeBatch({
      name: 'centred-clipping',
      minUpdates: 1,
      usesPrevious: true,
      async apply(batch, { previous }) {
        const withStart = batch.withRow(previous ?? 'zeros')
        return withStart.combine(clippedCentre(await withStart.squaredDistances(), { tau, steps }))
      },
    }),
})

/**
 * The centre as coefficients of the rows, the last of which is where it begins; they add up to 1.
 * @param squared [(n + 1) · (n + 1)]
 */
export function clippedCentre(squared: Float64Array, { tau, steps }: { tau: number; steps: number }): Float64Array {
  const start = Math.sqrt(squared.length) - 1
  const point = new Float64Array(start + 1)
  point[start] = 1
  for (let step = 0; step < steps; step++) {
    const distances = distancesFrom(squared, point)
    const shares = distances.subarray(0, start).map((distance) => Math.min(1, tau / distance) / start)
    const kept = 1 - shares.reduce((sum, share) => sum + share, 0)
    for (let i = 0; i < point.length; i++) point[i] = point[i]! * kept + (shares[i] ?? 0)
  }
  return point
}
