import type { Rng } from '@panal/client-core'

/**
 * A draw of Binomial(n, p), exact but for the 32 bits of a uniform: by counting waiting times where n·p is small, else by
 * rejection from a transformed uniform. Constant cost in n. Source: Hörmann 1993, "The generation of binomial random
 * variates", algorithm BTRS.
 * @param n whole, at least 0
 * @param p in [0, 1]
 */
export function drawBinomial(n: number, p: number, rng: Rng): number {
  if (!(n >= 0 && p >= 0 && p <= 1)) throw new RangeError(`binomial: ${n} trials of chance ${p}`)
  if (n === 0 || p === 0) return 0
  if (p > 0.5) return n - drawBinomial(n, 1 - p, rng)
  return n * p < smallestForRejection ? countWaits(n, p, rng) : reject(n, p, rng)
}

const smallestForRejection = 10

/** Trials until the next hit are geometric: hits are counted until the trials are used up. */
function countWaits(n: number, p: number, rng: Rng): number {
  const scale = 1 / Math.log1p(-p)
  let [hits, used] = [0, 0]
  for (;;) {
    used += Math.floor(Math.log(1 - rng.uniform()) * scale) + 1
    if (used > n) return hits
    hits++
  }
}

/** BTRS, for n·p ≥ 10 and p ≤ ½. The names are Hörmann's. */
function reject(n: number, p: number, rng: Rng): number {
  const spread = Math.sqrt(n * p * (1 - p))
  const b = 1.15 + 2.53 * spread
  const a = -0.0873 + 0.0248 * b + 0.01 * p
  const c = n * p + 0.5
  const vr = 0.92 - 4.2 / b
  const alpha = (2.83 + 5.1 / b) * spread
  const odds = Math.log(p / (1 - p))
  const mode = Math.floor((n + 1) * p)
  const atMode = logFactorial(mode) + logFactorial(n - mode)
  for (;;) {
    const u = rng.uniform() - 0.5
    const v = 1 - rng.uniform()
    const us = 0.5 - Math.abs(u)
    const k = Math.floor(((2 * a) / us + b) * u + c)
    if (us >= 0.07 && v <= vr) return k
    if (!(k >= 0 && k <= n)) continue
    const density = atMode - logFactorial(k) - logFactorial(n - k) + (k - mode) * odds
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= density) return k
  }
}

const small = [0, 0]
for (let k = 2; k < 16; k++) small.push(small[k - 1]! + Math.log(k))

/** ln k!, by table and by Stirling's series: to 1e-12 of it. */
function logFactorial(k: number): number {
  if (k < small.length) return small[k]!
  const x = k + 1
  const series = (1 / 12 - (1 / 360 - 1 / (1260 * x * x)) / (x * x)) / x
  return (x - 0.5) * Math.log(x) - x + 0.918_938_533_204_672_7 + series
}
