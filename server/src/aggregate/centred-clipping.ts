import { Type } from 'typebox'
import { policy } from '../policy.ts'
import { distancesFrom } from './affine.ts'
import { onWholeBatch } from './whole-batch.ts'

/**
 * v ← v + mean((xᵢ − v) · min(1, τ / ‖xᵢ − v‖)), some times over, from v = 0: no update moves the result by more than τ / n a
 * step, so that τ times the steps is as far as it can come. The paper begins where the last round came to, which the server
 * does not remember: more steps make up for it. Ignores weights. Source: Karimireddy et al. 2021, arXiv:2012.10333
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
      async apply(batch) {
        const point = clippedCentre(await batch.squaredDistancesAndNorms(), { tau, steps })
        return batch.combine(point.subarray(0, batch.numRows))
      },
    }),
})

/**
 * The centre as coefficients of the rows and of the origin, which is the last row; they add up to 1.
 * @param squared [(n + 1) · (n + 1)]
 */
export function clippedCentre(squared: Float64Array, { tau, steps }: { tau: number; steps: number }): Float64Array {
  const origin = Math.sqrt(squared.length) - 1
  const point = new Float64Array(origin + 1)
  point[origin] = 1
  for (let step = 0; step < steps; step++) {
    const distances = distancesFrom(squared, point)
    const shares = distances.subarray(0, origin).map((distance) => Math.min(1, tau / distance) / origin)
    const kept = 1 - shares.reduce((sum, share) => sum + share, 0)
    for (let i = 0; i < point.length; i++) point[i] = point[i]! * kept + (shares[i] ?? 0)
  }
  return point
}
