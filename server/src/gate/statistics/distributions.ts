import normalCdfOf from '@stdlib/stats-base-dists-normal-cdf'
import normalQuantileOf from '@stdlib/stats-base-dists-normal-quantile'
import tCdfOf from '@stdlib/stats-base-dists-t-cdf'
import tQuantileOf from '@stdlib/stats-base-dists-t-quantile'

/** Φ(z). */
export const normalCdf = (z: number): number => normalCdfOf(z, 0, 1)

/** z with Φ(z) = p; p in (0, 1). */
export const normalQuantile = (p: number): number => normalQuantileOf(p, 0, 1)

/** P(T ≤ t) for Student's t with `df` > 0 degrees of freedom. */
export const tCdf = (t: number, df: number): number => tCdfOf(t, df)

/** t with P(T ≤ t) = p; p in (0, 1). */
export const tQuantile = (p: number, df: number): number => tQuantileOf(p, df)
