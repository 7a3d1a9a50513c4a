import type { Params } from '@panal/client-core'
import { attackPolicy } from './attack.ts'
import { meanOf } from './honest-moments.ts'

/**
 * All send a copy of one honest update, so that its device counts f + 1 times: nothing is out of the ordinary, and the more
 * devices differ the more it costs. Copied is the one that lies farthest along the direction in which honest updates differ
 * most. The paper learns that direction over the first rounds and then keeps to one device; here both are found anew in each
 * round. Where there is no honest update, each sends what it trained. Time O(n² · size).
 * Source: Karimireddy et al. 2022, arXiv:2006.09365, section 3.2 and appendix B
 */
export const mimic = attackPolicy({
  options: {},
  make: () => ({
    name: 'mimic',
    seesHonest: true,
    forge({ own, honest }) {
      const copied = honest[mostExtreme(honest)]
      return copied === undefined ? own : own.map(() => copied)
    },
  }),
})

/** Enough for the greatest of a few hundred coefficients to stand out; the same number gives the same bytes. */
const numSteps = 100

/**
 * Index of the update that is farthest from the mean along the first principal component, by power iteration on the products
 * of their differences from it: ⟨component, xᵢ − mean⟩ is what the eigenvector has at i, times its eigenvalue's root.
 */
function mostExtreme(updates: readonly Params[]): number {
  const products = centredProducts(updates)
  const n = updates.length
  let vector = Float64Array.from({ length: n }, (_, i) => products[i * n + i]!) // begins at those that are far away
  for (let step = 0; step < numSteps; step++) {
    const next = Float64Array.from({ length: n }, (_, i) => dot(products.subarray(i * n, (i + 1) * n), vector))
    const length = Math.hypot(...next)
    if (!(length > 0)) break // all are the same
    vector = next.map((x) => x / length)
  }
  return vector.reduce((best, x, i) => (Math.abs(x) > Math.abs(vector[best]!) ? i : best), 0)
}

/** [n · n] ⟨xᵢ − mean, xⱼ − mean⟩. */
function centredProducts(updates: readonly Params[]): Float64Array {
  const n = updates.length
  const mean = meanOf(updates, updates[0]?.length ?? 0)
  const centred = updates.map((update) => mean.map((x, i) => update[i]! - x))
  const products = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) products[i * n + j] = products[j * n + i] = dot(centred[i]!, centred[j]!)
  return products
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
