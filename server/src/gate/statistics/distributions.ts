import betaQuantileOf from '@stdlib/stats-base-dists-beta-quantile'
import binomialCdfOf from '@stdlib/stats-base-dists-binomial-cdf'
import chiSquareCdfOf from '@stdlib/stats-base-dists-chisquare-cdf'
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

/** P(X ≤ k) for k successes in n trials of chance p; 0 for k < 0. */
export const binomialCdf = (k: number, n: number, p: number): number => binomialCdfOf(k, n, p)

/** P(X > x) for χ² with `df` ≥ 1 degrees of freedom. */
export const chiSquareTail = (x: number, df: number): number => 1 - chiSquareCdfOf(x, df)

/** x with P(X ≤ x) = p for Beta(a, b); p in (0, 1), a and b > 0. */
export const betaQuantile = (p: number, a: number, b: number): number => betaQuantileOf(p, a, b)
