import { describe, expect, it } from '@jest/globals'
import { makeRng, type Rng } from '@panal/client-core'
import { bootstrapMean, type Bootstrap } from '../../../../server/src/gate/statistics/bootstrap.ts'
import { bootstrapClassMetric } from '../../../../server/src/gate/statistics/class-metrics.ts'

const numReplicates = 499

/** Shares of `runs` seeded draws whose one-sided 5 % bounds miss the true value: it is under the lower, over the upper. */
function misses(runs: number, truth: number, draw: (run: number) => Bootstrap): readonly [number, number] {
  let [under, over] = [0, 0]
  for (let run = 0; run < runs; run++) {
    const { interval, pAtMost } = draw(run)
    if (truth < interval[0]) under++
    if (truth > interval[1]) over++
    // The p-value and the bound are one statement, but for one replicate.
    const p = pAtMost(truth)
    if (Math.abs(p - 0.05) > 3 / numReplicates) expect(p < 0.05).toBe(truth < interval[0])
  }
  return [under / runs, over / runs]
}

const shares = [0.6, 0.3, 0.1]
/** Chance that a model answers j where k is true. */
const candidate = [
  [0.85, 0.1, 0.05],
  [0.2, 0.7, 0.1],
  [0.2, 0.2, 0.6],
]
const reference = [
  [0.9, 0.05, 0.05],
  [0.15, 0.8, 0.05],
  [0.3, 0.2, 0.5],
]

/** Of the population: 2·P(right, k) / (P(k) + P(answers k)), averaged. */
const trueMacroF1 = (model: readonly (readonly number[])[]) =>
  shares.reduce((sum, share, k) => {
    const answered = shares.reduce((total, each, label) => total + each * model[label]![k]!, 0)
    return sum + (2 * share * model[k]![k]!) / (share + answered) / 3
  }, 0)

function drawFrom(chances: readonly number[], rng: Rng): number {
  const u = rng.uniform()
  return u < chances[0]! ? 0 : u < chances[0]! + chances[1]! ? 1 : 2
}

function examples(n: number, rng: Rng) {
  const labels = Int32Array.from({ length: n }, () => drawFrom(shares, rng))
  const answersOf = (model: readonly (readonly number[])[]) => {
    const probabilities = new Float32Array(3 * n)
    labels.forEach((label, i) => (probabilities[3 * i + drawFrom(model[label]!, rng)] = 1))
    return { probabilities, labels, numClasses: 3 }
  }
  return { candidate: answersOf(candidate), reference: answersOf(reference) }
}

// The standard error of a rate of .05 is .0109 in 400 runs, .0126 in 300. The intervals are right to order 1/n, so a
// little more is allowed than chance: .05 ± (.01 + four of them); a right one fails once in more than 16,000 seeds, and
// the seed is fixed.
describe('bootstrap intervals cover at their level, on either side', () => {
  it('BCa of a paired difference of macro F1, 300 examples of three unbalanced classes', () => {
    const [under, over] = misses(400, trueMacroF1(candidate) - trueMacroF1(reference), (run) =>
      bootstrapClassMetric('macroF1', examples(300, makeRng(`bca ${run}`)), {
        key: { seed: String(run), metric: 'macroF1' },
        numReplicates,
      })!,
    )
    expect(Math.abs(under - 0.05)).toBeLessThan(0.01 + 4 * 0.0109)
    expect(Math.abs(over - 0.05)).toBeLessThan(0.01 + 4 * 0.0109)
  })

  /** 25 clients of 5 to 20 examples; those of one client share most of their deviation. */
  function clustered(rng: Rng) {
    const [values, clusters]: [number[], number[]] = [[], []]
    for (let client = 0; client < 25; client++) {
      const shift = rng.normal()
      const size = 5 + Math.floor(16 * rng.uniform())
      for (let i = 0; i < size; i++) {
        values.push(shift + 0.5 * rng.normal())
        clusters.push(client)
      }
    }
    return { values, clusters }
  }
  it('percentile-t of a mean over 25 clients; examples taken for independent miss it in more than 20 %', () => {
    const options = (run: number) => ({ key: { seed: String(run), metric: 'mean' }, numReplicates })
    const [under, over] = misses(300, 0, (run) => {
      const { values, clusters } = clustered(makeRng(`t ${run}`))
      return bootstrapMean(values, { ...options(run), clusters })!
    })
    expect(Math.abs(under - 0.05)).toBeLessThan(0.01 + 4 * 0.0126)
    expect(Math.abs(over - 0.05)).toBeLessThan(0.01 + 4 * 0.0126)
    const naive = misses(300, 0, (run) => bootstrapMean(clustered(makeRng(`t ${run}`)).values, options(run))!)
    expect(naive[0] + naive[1]).toBeGreaterThan(0.2)
  })
})
