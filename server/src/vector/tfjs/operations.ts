import type * as Tfjs from '@tensorflow/tfjs-core'

/** Parts that a pair's distance is left in; the host adds them in float64. */
const distanceParts = 64

/** Sums along the last axis by halving it: log₂ n roundings, whatever a backend's own sum does. [m, n] → [m] */
export function pairwiseSum(tf: typeof Tfjs, values: Tfjs.Tensor2D): Tfjs.Tensor1D {
  return tf.reshape(halved(tf, values, 1), [values.shape[0]])
}

/** [m, n] → [m, p], p ≤ `parts`. */
function halved(tf: typeof Tfjs, values: Tfjs.Tensor2D, parts: number): Tfjs.Tensor2D {
  let left = values
  while (left.shape[1] > parts) {
    const [rows, length] = left.shape
    const half = Math.floor(length / 2)
    const sum = tf.add<Tfjs.Tensor2D>(tf.slice(left, [0, 0], [rows, half]), tf.slice(left, [0, half], [rows, half]))
    left = length % 2 === 0 ? sum : tf.concat([sum, tf.slice(left, [0, 2 * half], [rows, 1])], 1)
  }
  return left
}

/** Weighted sums of the rows. Weights are [numRows, K]. [K, n] → [numRows, n] */
export function combine(tf: typeof Tfjs, tile: Tfjs.Tensor2D, weights: Float64Array, numRows: number): Tfjs.Tensor2D {
  const [count, num] = tile.shape
  const made = Array.from({ length: numRows }, (_, r) =>
    tf.tidy(() => {
      const own = tf.tensor2d(Float32Array.from(weights.subarray(r * count, (r + 1) * count)), [count, 1])
      let left = tf.mul<Tfjs.Tensor2D>(tile, own)
      while (left.shape[0] > 1) {
        const half = Math.floor(left.shape[0] / 2)
        const sum = tf.add<Tfjs.Tensor2D>(tf.slice(left, [0, 0], [half, num]), tf.slice(left, [half, 0], [half, num]))
        left = left.shape[0] % 2 === 0 ? sum : tf.concat([sum, tf.slice(left, [2 * half, 0], [1, num])], 0)
      }
      return left
    }),
  )
  return tf.concat(made, 0)
}

/** Squared differences of each pair of rows, in parts still to be added: [K, n] → [K, K, parts] */
export function pairDistances(tf: typeof Tfjs, tile: Tfjs.Tensor2D): Tfjs.Tensor {
  const [count, num] = tile.shape
  const rows = Array.from({ length: count }, (_, i) =>
    tf.tidy(() => {
      const difference = tf.sub<Tfjs.Tensor2D>(tile, tf.slice(tile, [i, 0], [1, num]))
      return halved(tf, tf.mul(difference, difference), distanceParts)
    }),
  )
  return tf.stack(rows)
}

/** Each coordinate's values in ascending order: [K, n] → [n, K] */
export function sortRows(tf: typeof Tfjs, tile: Tfjs.Tensor2D): Tfjs.Tensor2D {
  const columns = tf.transpose(tile)
  return tf.neg(tf.topk(tf.neg(columns), tile.shape[0], true).values)
}

/** The mean of the `num` values nearest the median of each row of sorted values: [n, K] → [n] */
export function nearestMean(tf: typeof Tfjs, sorted: Tfjs.Tensor2D, num: number): Tfjs.Tensor1D {
  const [length, count] = sorted.shape
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
