import type * as Tfjs from '@tensorflow/tfjs-core'

/** Parts that a pair's distance is left in; the host adds them in float64. */
const distanceParts = 64

/** Products made at once: what a mix or distances need beyond the tile. */
const maxProducts = 2 ** 22

/** Sums along the last axis. [m, n] → [m] */
export function pairwiseSum(tf: typeof Tfjs, values: Tfjs.Tensor2D): Tfjs.Tensor1D {
  const [rows, length] = values.shape
  return tf.reshape(halved(tf, tf.reshape(values, [rows, length, 1]), 1), [rows])
}

/** Sums along the middle axis by halving it: log₂ n roundings, whatever a backend's own sum does. [m, n, q] → [m, p, q], p ≤ `parts` */
function halved(tf: typeof Tfjs, values: Tfjs.Tensor3D, parts: number): Tfjs.Tensor3D {
  let left = values
  while (left.shape[1] > parts) {
    const [rows, length, columns] = left.shape
    const half = Math.floor(length / 2)
    const part = (from: number, num: number) => tf.slice(left, [0, from, 0], [rows, num, columns])
    const sum = tf.add<Tfjs.Tensor3D>(part(0, half), part(half, half))
    left = length % 2 === 0 ? sum : tf.concat([sum, part(2 * half, 1)], 1)
  }
  return left
}

/** `make` for as many rows at a time as there is room for, one below the other. */
function inBatches<T extends Tfjs.Tensor>(
  tf: typeof Tfjs,
  { numRows, perRow }: { readonly numRows: number; readonly perRow: number },
  make: (first: number, num: number) => T,
): T {
  const atOnce = Math.max(1, Math.floor(maxProducts / perRow))
  const made: T[] = []
  for (let first = 0; first < numRows; first += atOnce)
    made.push(tf.tidy(() => make(first, Math.min(atOnce, numRows - first))))
  return made.length === 1 ? made[0]! : tf.concat(made, 0)
}

/** Weighted sums of the rows. Weights are [numRows, K]. [K, n] → [numRows, n] */
export function combine(tf: typeof Tfjs, tile: Tfjs.Tensor2D, weights: Float64Array, numRows: number): Tfjs.Tensor2D {
  const [count, length] = tile.shape
  const rows = tf.reshape(tile, [1, count, length])
  return inBatches(tf, { numRows, perRow: count * length }, (first, num) => {
    const own = Float32Array.from(weights.subarray(first * count, (first + num) * count))
    const products = tf.mul<Tfjs.Tensor3D>(rows, tf.tensor3d(own, [num, count, 1]))
    return tf.reshape(halved(tf, products, 1), [num, length])
  })
}

/** Squared differences of each pair of rows, in parts still to be added: [K, n] → [K · K, parts] */
export function pairDistances(tf: typeof Tfjs, tile: Tfjs.Tensor2D): Tfjs.Tensor2D {
  const [count, length] = tile.shape
  const rows = tf.reshape(tile, [1, count, length])
  return inBatches(tf, { numRows: count, perRow: count * length }, (first, num) => {
    const own = tf.reshape(tf.slice(tile, [first, 0], [num, length]), [num, 1, length])
    const difference = tf.sub(rows, own)
    const squares = tf.reshape(tf.mul(difference, difference), [num * count, length, 1])
    const parts = halved(tf, squares as Tfjs.Tensor3D, distanceParts)
    return tf.reshape(parts, [num * count, parts.shape[1]])
  })
}

/** Each coordinate's values in ascending order: [K, n] → [n, K] */
export function sortRows(tf: typeof Tfjs, tile: Tfjs.Tensor2D): Tfjs.Tensor2D {
  const columns = tf.transpose(tile)
  return tf.neg(tf.topk(tf.neg(columns), tile.shape[0], true).values)
}

/** The mean of the `num` values nearest the median of each row of sorted values: [n, K] → [n] */
export function nearestMean(tf: typeof Tfjs, sorted: Tfjs.Tensor2D, num: number): Tfjs.Tensor1D {
  const [length, count] = sorted.shape
  if (num === count) return tf.div(pairwiseSum(tf, sorted), num)
  const at = (k: number) => tf.slice(sorted, [0, k], [length, 1])
  const middle = Math.floor(count / 2)
  const median = count % 2 === 1 ? at(middle) : tf.add(tf.mul(at(middle - 1), 0.5), tf.mul(at(middle), 0.5))
  // The window moves on while the value that comes in is nearer than the one that goes: how often says where it starts.
  const numMoves = count - num
  const comesIn = tf.sub(tf.slice(sorted, [0, num], [length, numMoves]), median)
  const goesOut = tf.sub(median, tf.slice(sorted, [0, 0], [length, numMoves]))
  const start = tf.sum(tf.cast(tf.less(comesIn, goesOut), 'float32'), 1, true)
  const rank = tf.reshape(tf.range(0, count, 1, 'float32'), [1, count])
  const isInside = tf.logicalAnd(tf.greaterEqual(rank, start), tf.less(rank, tf.add(start, num)))
  const inside = tf.mul<Tfjs.Tensor2D>(sorted, tf.cast(isInside, 'float32'))
  return tf.div(pairwiseSum(tf, inside), num)
}
