import { setImmediate } from 'node:timers/promises'
import type { Params } from '@panal/client-core'

/** Of two vectors x and y, in float64. */
export interface Products {
  dot: number
  /** ‖x‖² */
  squaredNorm: number
  /** ‖x − y‖² */
  squaredDistance: number
}

/** Params whose products are added up for themselves, and then to the others: where the cuts are is part of the result. */
export const sliceLength = 2 ** 20

export const noProducts = (): Products => ({ dot: 0, squaredNorm: 0, squaredDistance: 0 })

/** Others have their turn after each slice. */
export async function productsOf(x: Params, y: Params): Promise<Products> {
  const sums = noProducts()
  for (let start = 0; start < y.length; start += sliceLength) {
    if (start > 0) await setImmediate()
    addProducts(sums, x.subarray(start, start + sliceLength), y.subarray(start, start + sliceLength))
  }
  return sums
}

/** Adds those of one slice. An own function, so that the loop is compiled once and stays monomorphic. */
export function addProducts(sums: Products, x: Params, y: Params): void {
  let [dot, squaredNorm, squaredDistance] = [0, 0, 0]
  for (let i = 0; i < y.length; i++) {
    const xi = x[i]!
    const yi = y[i]!
    const difference = xi - yi
    dot += xi * yi
    squaredNorm += xi * xi
    squaredDistance += difference * difference
  }
  sums.dot += dot
  sums.squaredNorm += squaredNorm
  sums.squaredDistance += squaredDistance
}
