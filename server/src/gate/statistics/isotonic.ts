import type { Isotonic } from '@panal/client-core'

export { applyIsotonic, type Isotonic } from '@panal/client-core'

interface Block {
  readonly x: number
  sum: number
  weight: number
  /** Points pooled into it. */
  numPoints: number
}

/**
 * The rising curve nearest to the points by least squares: pool adjacent violators. Points of equal x are pooled first.
 * It may tie scores that were apart, and so change AUC. Cost O(n log n). Source: Barlow et al. 1972.
 * @throws RangeError without points
 */
export function fitIsotonic(x: ArrayLike<number>, y: ArrayLike<number>): Isotonic {
  if (x.length === 0) throw new RangeError('isotonic: no points')
  const points = pooledByX(x, y)
  const blocks: Block[] = []
  for (const point of points) {
    blocks.push({ ...point })
    for (;;) {
      const [before, last] = [blocks.at(-2), blocks.at(-1)!]
      if (before === undefined || before.sum / before.weight < last.sum / last.weight) break
      before.sum += last.sum
      before.weight += last.weight
      before.numPoints += last.numPoints
      blocks.pop()
    }
  }
  const values = blocks.flatMap(({ sum, weight, numPoints }) => new Array<number>(numPoints).fill(sum / weight))
  return { x: points.map((point) => point.x), y: values }
}

function pooledByX(x: ArrayLike<number>, y: ArrayLike<number>): Block[] {
  const order = Array.from({ length: x.length }, (_, i) => i).sort((a, b) => x[a]! - x[b]!)
  const points: Block[] = []
  for (const i of order) {
    const last = points.at(-1)
    if (last !== undefined && last.x === x[i]) {
      last.sum += y[i]!
      last.weight += 1
    } else points.push({ x: x[i]!, sum: y[i]!, weight: 1, numPoints: 1 })
  }
  return points
}

/** It rises nowhere: whatever the score, it says the same. */
export const isFlat = ({ y }: Isotonic): boolean => y[0] === y.at(-1)

/** The same curve without the points that lie on a line between their neighbours of the same height. */
export function withoutInnerPoints({ x, y }: Isotonic): Isotonic {
  const kept = x.map((_, i) => i).filter((i) => y[i - 1] !== y[i] || y[i + 1] !== y[i])
  return { x: kept.map((i) => x[i]!), y: kept.map((i) => y[i]!) }
}
