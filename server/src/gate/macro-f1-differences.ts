import { changesOf, type Pair } from './compared.ts'
import type { Predictions } from './contract.ts'
import { fromBootstrap, type DifferenceOptions, type Measured, type Unmeasured } from './measured.ts'
import { bootstrapClassMetric } from './statistics/class-metrics.ts'
import { effectiveSample } from './statistics/clusters.ts'
import type { Discordance } from './statistics/discordance.ts'
import { sum } from './statistics/summation.ts'
import { tangoInterval } from './statistics/tango.ts'

/**
 * Macro F1 by paired bootstrap of examples, or of clusters. Draws cannot lose what no example lost, so a PASS must show in
 * a bound by class as well: what Tango's score does not exclude of each class's answers, by what losing one of them costs.
 * Source: Efron 1987 (BCa); Zou and Donner 2008 (MOVER) over Tango 1998.
 */
export function macroF1Difference(
  pair: Pair,
  { margin, alpha, seed, clusters }: DifferenceOptions,
): Measured | Unmeasured {
  const n = pair.candidate.labels.length
  const options = { key: { seed, metric: 'macroF1' }, alpha, ...(clusters !== undefined && { clusters }) }
  const alone = (candidate: Predictions) =>
    bootstrapClassMetric('macroF1', { candidate }, { ...options, numReplicates: 1 })?.estimate ?? 0
  const found = bootstrapClassMetric('macroF1', pair, options)
  const means = { candidate: alone(pair.candidate), reference: alone(pair.reference) }
  const unit = clusters === undefined ? 'examples' : 'clients'
  const measured = fromBootstrap(found, means, { n, margin, alpha, unit })
  if ('because' in measured) return measured
  const { interval, p = 1, estimate = 0 } = measured.numbers
  const classes = byClass(
    pair,
    clusters === undefined ? 1 : effectiveSample(changesOf(pair), clusters, alpha).designEffect,
  )
  const low = Math.min(interval?.[0] ?? -1, lowerBound(classes, estimate, alpha))
  const surelyP = Math.max(p, pAtMost(classes, estimate, -margin))
  return {
    ...measured,
    comparison: { ...measured.comparison, isAboveMargin: measured.comparison.isAboveMargin && surelyP < alpha },
    numbers: {
      ...measured.numbers,
      ...(interval && { interval: [low, interval[1]] as const }),
      test: `${measured.numbers.test}, and Tango by class`,
      p: surelyP,
    },
  }
}

interface ClassCounts {
  readonly counts: Discordance
  /** What macro F1 falls by where all answers of the class are lost one by one, as the first of them does. */
  readonly weight: number
}

/**
 * Of each class that has examples. A lost answer takes half an example's share from the F1 of its class, and half a share
 * of the class that it is answered for: here, the average of the others.
 */
function byClass(pair: Pair, designEffect: number): ClassCounts[] {
  const { labels, numClasses } = pair.candidate
  const tallies = Array.from({ length: numClasses }, () => ({ n: 0, lost: 0, won: 0 }))
  changesOf(pair).forEach((change, row) => {
    const tally = tallies[labels[row]!]!
    tally.n++
    if (change < 0) tally.lost++
    if (change > 0) tally.won++
  })
  const present = tallies.filter(({ n }) => n > 0)
  return present.map(({ n, lost, won }, k) => {
    const others = present.filter((_, j) => j !== k)
    const elsewhere = others.length === 0 ? 0 : sum(others.map((other) => 1 / other.n)) / others.length
    return {
      counts: { n: n / designEffect, lost: lost / designEffect, won: won / designEffect },
      weight: (n * (1 / n + elsewhere)) / 2 / numClasses,
    }
  })
}

function lowerBound(classes: readonly ClassCounts[], estimate: number, alpha: number): number {
  const distances = classes.map(({ counts, weight }) => {
    const share = (counts.won - counts.lost) / counts.n
    return weight * (share - tangoInterval(counts, alpha)[0])
  })
  return estimate - Math.sqrt(sum(distances.map((each) => each * each)))
}

const steps = 30

/** The level at which the bound is at `value`, by bisection: it rises with the level. At most .5. */
function pAtMost(classes: readonly ClassCounts[], estimate: number, value: number): number {
  let [low, high] = [0, 0.5]
  for (let i = 0; i < steps; i++) {
    const middle = (low + high) / 2
    if (lowerBound(classes, estimate, middle) > value) high = middle
    else low = middle
  }
  return high
}
