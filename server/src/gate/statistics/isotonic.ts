/** A rising step curve through points; between them it is interpolated, outside it is flat. */
export interface Isotonic {
  /** Rising, no two equal. */
  readonly x: readonly number[]
  /** Not falling. */
  readonly y: readonly number[]
}

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

/** The curve at a score. */
export function applyIsotonic({ x, y }: Isotonic, score: number): number {
  const after = x.findIndex((each) => each >= score)
  if (after < 0) return y.at(-1)!
  if (after === 0 || x[after] === score) return y[after]!
  const [x0, x1, y0, y1] = [x[after - 1]!, x[after]!, y[after - 1]!, y[after]!]
  return y0 + ((score - x0) / (x1 - x0)) * (y1 - y0)
}
