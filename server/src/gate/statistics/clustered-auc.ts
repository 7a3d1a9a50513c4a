import { clusterTotals } from './clusters.ts'
import { sum } from './summation.ts'

/** Spread of an area, or of a difference of two, where examples come in clusters. */
export interface ClusteredSpread {
  readonly se: number
  /** Clusters with an example of the class that fewer clusters have: one more than the degrees of freedom. */
  readonly numClusters: number
  /** Clusters in which any example moves it. */
  readonly numTelling: number
}

/**
 * DeLong's standard error with the placements added up by cluster. Undefined with fewer than two clusters that have either
 * class. Source: Obuchowski 1997, "Nonparametric analysis of clustered ROC curve data".
 * @param influences [n] of the area, or of one area less the other, as of `aucInfluences`
 */
export function clusteredAucSpread(
  influences: Float64Array,
  isPositive: ArrayLike<number>,
  clusters: ArrayLike<number>,
): ClusteredSpread | undefined {
  const rowsOf = (kind: number) =>
    Int32Array.from(influences.keys()).filter((row) => Number(isPositive[row] === 1) === kind)
  const ofKind = (kind: number) => {
    const rows = rowsOf(kind)
    const own = Float64Array.from(rows, (row) => influences[row]!)
    return clusterTotals(
      own,
      Int32Array.from(rows, (row) => clusters[row]!),
    ).sums
  }
  const all = clusterTotals(influences, clusters)
  const [negatives, positives] = [ofKind(0), ofKind(1)]
  const numClusters = Math.min(negatives.length, positives.length)
  if (numClusters < 2) return undefined
  const scaled = (sums: Float64Array) => (sums.length / (sums.length - 1)) * squares(sums)
  // Twice what the classes of a cluster have in common is what is left of the square of both together.
  const common = squares(all.sums) - squares(negatives) - squares(positives)
  const variance = scaled(negatives) + scaled(positives) + (all.sums.length / (all.sums.length - 1)) * common
  return {
    se: Math.sqrt(Math.max(0, variance)),
    numClusters,
    numTelling: all.absolute.filter((each) => each > 0).length,
  }
}

const squares = (sums: Float64Array): number => sum(sums.map((each) => each * each))
