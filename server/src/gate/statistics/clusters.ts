import type { Rng } from '@panal/client-core'
import { normalQuantile, tQuantile } from './distributions.ts'
import { sumUnits } from './resampling.ts'
import { signFlips, type SignFlips } from './sign-flip.ts'
import { sum } from './summation.ts'

/** What the examples of each cluster add up to. Law: the order of the examples and the numbers of the clusters cannot matter. */
export interface ClusterTotals {
  /** [numClusters] Σ values. */
  readonly sums: Float64Array
  /** [numClusters] Σ |values|. */
  readonly absolute: Float64Array
  /** [numClusters] examples. */
  readonly sizes: Float64Array<ArrayBuffer>
}

/** @param clusters [values.length] whose value each one is */
export function clusterTotals(values: ArrayLike<number>, clusters: ArrayLike<number>): ClusterTotals {
  const absolute = Float64Array.from(values, Math.abs)
  const ones = new Uint8Array(values.length).fill(1)
  const units = sumUnits([values, absolute, ones], clusters)
  const column = (at: number): Float64Array<ArrayBuffer> => {
    const all: number[] = []
    units.multiplicities.forEach((count, u) => {
      for (let i = 0; i < count; i++) all.push(units.values[3 * u + at]!)
    })
    return Float64Array.from(all)
  }
  return { sums: column(0), absolute: column(1), sizes: column(2) }
}

/**
 * Sign flips of whole clusters: exact for few and many where what a cluster adds up to is symmetric about the mean, as it
 * is where two models are equal on average and each cluster may like either; else right for many clusters.
 * Source: Canay, Romano and Shaikh 2017.
 */
export const clusterFlips = ({ sums, sizes }: ClusterTotals, rng: Rng): SignFlips => signFlips(sums, rng, sizes)

/** Σ values / Σ examples, and its standard error by the residuals of the clusters. Needs two. Source: Liang and Zeger 1986. */
export function clusterMean({ sums, sizes }: ClusterTotals): { readonly mean: number; readonly se: number } {
  const n = sum(sizes)
  const mean = sum(sums) / n
  const squares = sum(sums.map((each, c) => (each - mean * sizes[c]!) ** 2))
  return { mean, se: Math.sqrt((squares * sums.length) / (sums.length - 1)) / n }
}

/** [numClusters] whose mean is that over examples, and whose spread that of its ratio: mean + clusters · residual / examples. */
export function clusterPseudoValues(totals: ClusterTotals): Float64Array {
  const { mean } = clusterMean(totals)
  const scale = totals.sums.length / sum(totals.sizes)
  return Float64Array.from(totals.sums, (each, c) => mean + scale * (each - mean * totals.sizes[c]!))
}

/** A sample of clusters, and how many independent examples are worth as much. */
export interface EffectiveSample {
  /** Examples / `designEffect`, at least 1. */
  readonly n: number
  /** How many times an independent sample's variance, at least 1. */
  readonly designEffect: number
  readonly numClusters: number
}

/**
 * How many independent examples tell as much of the mean of these values (0 and 1, or −1, 0 and 1) as the clusters do. The
 * design effect is the variance of a ratio of cluster totals over that of independent values, with the t quantile of so
 * many clusters. A few clusters in which anything happened cannot tell how alike the examples of a cluster are, so the
 * likeness is taken to be at least what they do not exclude at `alpha`, 1 − alpha^(1/clusters with anything); where nothing
 * happened a cluster counts as one example.
 * Source: Kish 1965; Rao and Scott 1992; Korn and Graubard 1998 (the quantiles, and that an effect under 1 is not used).
 */
export function effectiveSample(values: ArrayLike<number>, clusters: ArrayLike<number>, alpha = 0.05): EffectiveSample {
  const n = values.length
  const { sums, absolute, sizes } = clusterTotals(values, clusters)
  const numClusters = sums.length
  if (numClusters < 2) return { n: Math.min(n, 1), designEffect: Math.max(1, n), numClusters }
  const centre = sum(sums) / n
  const independent = n * (sum(Float64Array.from(values, (each) => each * each)) / n - centre * centre)
  const between = sum(sums.map((each, c) => (each - centre * sizes[c]!) ** 2)) * (numClusters / (numClusters - 1))
  const measured = independent > 0 ? between / independent : 0
  const numTelling = absolute.filter((each) => each > 0).length
  const least = leastDesignEffect(sum(sizes.map((size) => size * size)) / n, numTelling, alpha)
  const quantiles = (tQuantile(1 - alpha, numClusters - 1) / normalQuantile(1 - alpha)) ** 2
  const designEffect = Math.min(n, Math.max(1, measured, least) * quantiles)
  return { n: n / designEffect, designEffect, numClusters }
}

/** What so few clusters in which anything happened do not exclude. @param meanSize as of `meanClusterSize` */
export const leastDesignEffect = (meanSize: number, numTelling: number, alpha = 0.05): number =>
  1 + (meanSize - 1) * (numTelling === 0 ? 1 : 1 - alpha ** (1 / numTelling))

/** How much alike the examples of a cluster are by a design effect, as a share: 1 + (mean size − 1) · this. */
export const likenessOf = ({ designEffect }: EffectiveSample, meanSize: number): number =>
  meanSize > 1 ? Math.min(1, (designEffect - 1) / (meanSize - 1)) : 1

/** Σ size² / Σ size: the size of the cluster that an example is in, on average. */
export function meanClusterSize(clusters: ArrayLike<number>): number {
  const sizes = new Map<number, number>()
  for (let i = 0; i < clusters.length; i++) sizes.set(clusters[i]!, (sizes.get(clusters[i]!) ?? 0) + 1)
  return [...sizes.values()].reduce((total, size) => total + size * size, 0) / Math.max(1, clusters.length)
}
