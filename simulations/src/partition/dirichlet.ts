import { shuffle, type Rng } from '@panal/client-core'
import { assertEnough, type Partitioner } from './partitioner.ts'

/**
 * Label skew: each class is dealt to the devices in proportions drawn from a symmetric Dirichlet distribution. Small `alpha`
 * (0.1) leaves a device with a few classes only; large `alpha` (100) comes close to `iid`.
 * Source: Hsu, Qi and Brown 2019, arXiv:1909.06335, drawn per class as in Yurochkin et al. 2019, arXiv:1905.12022.
 * @throws RangeError unless alpha > 0
 */
export function dirichlet({ alpha }: { readonly alpha: number }): Partitioner {
  if (!(alpha > 0)) throw new RangeError(`partition: alpha is ${alpha}; it must be over 0`)
  return {
    name: 'dirichlet',
    partition(labels, numShards, rng) {
      assertEnough(labels.length, numShards)
      const shards = Array.from({ length: numShards }, (): number[] => [])
      for (const [label, indices] of indicesByLabel(labels)) {
        const shares = dirichletShares(alpha, numShards, rng.fork(`shares/${label}`))
        deal(shuffle(indices, rng.fork(`order/${label}`)), shares, shards)
      }
      leaveNoneEmpty(shards)
      return shards.map((shard, index) => shuffle(Int32Array.from(shard), rng.fork(`shard/${index}`)))
    },
  }
}

function indicesByLabel(labels: Int32Array): [number, number[]][] {
  const groups = new Map<number, number[]>()
  labels.forEach((label, index) => {
    const group = groups.get(label)
    if (group === undefined) groups.set(label, [index])
    else group.push(index)
  })
  return [...groups].sort(([a], [b]) => a - b)
}

/** Cuts `indices` at the cumulative shares; rounding never loses or repeats one. */
function deal(indices: readonly number[], shares: readonly number[], shards: readonly number[][]): void {
  let cumulative = 0
  let from = 0
  shares.forEach((share, shard) => {
    cumulative += share
    const to = shard === shares.length - 1 ? indices.length : Math.round(cumulative * indices.length)
    shards[shard]!.push(...indices.slice(from, to))
    from = Math.max(from, to)
  })
}

/** A device without data could never take part: each empty shard takes one example of the largest. */
function leaveNoneEmpty(shards: readonly number[][]): void {
  for (const shard of shards) {
    if (shard.length > 0) continue
    const largest = shards.reduce((most, other) => (other.length > most.length ? other : most))
    shard.push(largest.pop()!)
  }
}

/** Shares that sum to 1: normalised Gamma(alpha) draws, in logarithms, so that a tiny alpha does not underflow to 0/0. */
function dirichletShares(alpha: number, count: number, rng: Rng): number[] {
  const logs = Array.from({ length: count }, () => logGamma(alpha, rng))
  const largest = Math.max(...logs)
  const weights = logs.map((log) => Math.exp(log - largest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

/** The logarithm of a Gamma(shape, 1) draw. Source: Marsaglia and Tsang 2000, with their boost for shape < 1. */
function logGamma(shape: number, rng: Rng): number {
  if (shape < 1) return logGamma(shape + 1, rng) + Math.log(1 - rng.uniform()) / shape
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = rng.normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - rng.uniform()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v)
  }
}
