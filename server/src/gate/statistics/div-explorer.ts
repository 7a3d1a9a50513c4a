/** How often something (a wrong answer, a false positive) happened among the examples that could show it. */
export interface Outcomes {
  readonly hits: number
  readonly n: number
}

export interface Divergence {
  /** Rate of the subset − rate of the whole. */
  readonly delta: number
  /** How many standard deviations apart, by the Beta(1 + hits, 1 + misses) of either. */
  readonly t: number
}

/** DivExplorer's Δ and t of a subset. Source: Pastor, de Alfaro and Baralis, SIGMOD 2021. @throws RangeError without examples */
export function divergence(subset: Outcomes, whole: Outcomes): Divergence {
  if (!(subset.n > 0 && whole.n > 0)) throw new RangeError('divergence: no examples')
  const [a, b] = [posterior(subset), posterior(whole)]
  return {
    delta: subset.hits / subset.n - whole.hits / whole.n,
    t: Math.abs(a.mean - b.mean) / Math.sqrt(a.variance + b.variance),
  }
}

/** Beta(1 + hits, 1 + misses). */
function posterior({ hits, n }: Outcomes): { mean: number; variance: number } {
  const [a, b] = [1 + hits, 1 + n - hits]
  return { mean: a / (a + b), variance: (a * b) / ((a + b) ** 2 * (a + b + 1)) }
}

/**
 * What each item (predicate) of a subset adds to its divergence: Shapley's value, so that the parts sum to the divergence
 * of all items. 2ⁿ subsets for n items. Source: the same, section 4.2.
 * @param deltaOf divergence of the examples on which all of these items hold; 0 for none
 */
export function shapley<Item>(items: readonly Item[], deltaOf: (items: readonly Item[]) => number): number[] {
  const n = items.length
  const deltas = Array.from({ length: 2 ** n }, (_, subset) => deltaOf(items.filter((__, i) => subset & (1 << i))))
  return items.map((_, item) => {
    let value = 0
    for (let subset = 0; subset < 2 ** n; subset++) {
      if (subset & (1 << item)) continue
      const size = items.filter((__, i) => subset & (1 << i)).length
      value += (deltas[subset | (1 << item)]! - deltas[subset]!) / (n * choose(n - 1, size))
    }
    return value
  })
}

/** |J|! (n − |J| − 1)! / n! = 1 / (n · C(n − 1, |J|)) */
function choose(n: number, k: number): number {
  let ways = 1
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i
  return ways
}
