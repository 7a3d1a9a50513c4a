import { describe, expect, it } from '@jest/globals'
import { makeRng, shuffle, uniformInt } from '@panal/client-core'
import { drawBinomial } from '../../../../../server/src/gate/statistics/binomial-draw.ts'
import { bootstrap, bootstrapMean } from '../../../../../server/src/gate/statistics/bootstrap.ts'
import { bootstrapClassMetric } from '../../../../../server/src/gate/statistics/class-metrics.ts'
import { confusion } from '../../../../../server/src/gate/statistics/confusion.ts'
import { resampler, sumUnits, cellUnits } from '../../../../../server/src/gate/statistics/resampling.ts'

const key = { seed: 'test', metric: 'of the test' }

// Efron and Tibshirani 1993, table 14.1: test A of 26 children.
const spatial = [48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41]
/** n, Σx, Σx² and the variance they give, with n in the denominator. */
const columns = (values: readonly number[]) => [values.map(() => 1), values, values.map((x) => x * x)]
const variance = ([n, s, ss]: Iterable<number> & Float64Array) => ss! / n! - (s! / n!) ** 2

describe('BCa', () => {
  it('agrees with Efron and Tibshirani’s table 14.2: 171.5, 90 % interval (115.8, 259.6)', () => {
    const result = bootstrap(sumUnits(columns(spatial)), variance, { key, numReplicates: 20_000 })!
    expect(result.estimate).toBeCloseTo(171.534, 3)
    // Theirs is from 2000 replicates: the standard error of an end is about 2, of ours .8.
    expect(Math.abs(result.interval[0] - 115.8)).toBeLessThan(6)
    expect(Math.abs(result.interval[1] - 259.6)).toBeLessThan(6)
  })
  it('its p-values are below alpha exactly where the value is outside the interval', () => {
    const units = sumUnits(columns(spatial))
    const { interval, pAtMost, pAtLeast } = bootstrap(units, variance, { key, alpha: 0.05 })!
    expect(pAtMost(interval[0] - 0.5)).toBeLessThan(0.05)
    expect(pAtMost(interval[0] + 0.5)).toBeGreaterThan(0.05)
    expect(pAtLeast(interval[1] + 0.5)).toBeLessThan(0.05)
    expect(pAtLeast(interval[1] - 0.5)).toBeGreaterThan(0.05)
    expect(pAtMost(-1e9)).toBe(1 / 2001)
    expect(pAtMost(1e9)).toBeGreaterThan(0.99)
  })
  it('says where there is no spread, and nothing of one unit', () => {
    const same = bootstrap(sumUnits([[2, 2, 2]]), ([s]) => s!, { key })!
    expect(same).toMatchObject({ estimate: 6, interval: [6, 6], isDegenerate: true, se: 0 })
    expect([same.pAtMost(5), same.pAtMost(6), same.pAtLeast(6), same.pAtLeast(7)]).toEqual([0, 1, 1, 0])
    expect(bootstrap(sumUnits([[2]]), ([s]) => s!, { key })).toBeUndefined()
    expect(bootstrap(sumUnits([[2, 3]], [7, 7]), ([s]) => s!, { key })).toBeUndefined()
  })
  it('refuses a metric that is undefined for what was drawn', () => {
    const share = ([hits, n]: Iterable<number> & Float64Array) => hits! / n!
    // Both draws are the one without trials in a quarter of the replicates: 0/0.
    expect(() =>
      bootstrap(
        sumUnits([
          [1, 0],
          [1, 0],
        ]),
        share,
        { key },
      ),
    ).toThrow('undefined for a replicate')
  })
})

describe('percentile-t', () => {
  it('agrees with Efron and Tibshirani’s mice (12.5): t of −4.53 and 1.53, 90 % interval (35.82, 116.74)', () => {
    const mice = [52, 104, 146, 10, 50, 31, 40, 27, 46]
    const { estimate, se, interval } = bootstrapMean(mice, { key, numReplicates: 20_000 })!
    expect(estimate).toBeCloseTo(56.22, 2)
    expect(se).toBeCloseTo(14.14, 2)
    // The ends of 1000 replicates, as theirs, are off by about 1.5 and 6.
    expect(Math.abs(interval[0] - 35.82)).toBeLessThan(3)
    expect(Math.abs(interval[1] - 116.74)).toBeLessThan(12)
  })
  it('resamples clusters: copies of the same examples add nothing', () => {
    const values = Array.from({ length: 40 }, (_, i) => Math.sin(i))
    const tenfold = values.flatMap((value) => new Array<number>(10).fill(value))
    const clusters = tenfold.map((_, i) => Math.floor(i / 10))
    const once = bootstrapMean(values, { key })!
    const copied = bootstrapMean(tenfold, { key, clusters })!
    expect(copied.estimate).toBeCloseTo(once.estimate, 12)
    expect(copied.se).toBeCloseTo(once.se, 12)
    expect(copied.interval[0]).toBeCloseTo(once.interval[0], 9)
    expect(bootstrapMean(tenfold, { key })!.se).toBeLessThan(once.se / 3)
  })
  it('is undefined for two or three clusters: the ends would be draws of one cluster alone', () => {
    const values = Array.from({ length: 300 }, (_, i) => Math.sin(i))
    const of = (numClusters: number) => bootstrapMean(values, { key, clusters: values.map((_, i) => i % numClusters) })
    expect([of(2), of(3)]).toEqual([undefined, undefined])
    expect(of(10)?.interval.every(Number.isFinite)).toBe(true)
  })
  it('its p-values go with its interval; no spread, no proof', () => {
    const values = Array.from({ length: 60 }, (_, i) => Math.cos(i) + 0.1)
    const { interval, pAtMost, pAtLeast } = bootstrapMean(values, { key })!
    expect(pAtMost(interval[0] - 0.01)).toBeLessThan(0.05)
    expect(pAtMost(interval[0] + 0.01)).toBeGreaterThan(0.05)
    expect(pAtLeast(interval[1] + 0.01)).toBeLessThan(0.05)
    expect(pAtLeast(interval[1] - 0.01)).toBeGreaterThan(0.05)
    expect(bootstrapMean([0.1, 0.1, 0.1], { key })).toMatchObject({ isDegenerate: true, se: 0 })
    expect(bootstrapMean([1, 2], { key, clusters: [3, 3] })).toBeUndefined()
  })
})

function randomPair(n: number, numClasses = 4) {
  const rng = makeRng('pair')
  const labels = Int32Array.from({ length: n }, () => uniformInt(rng, numClasses))
  const model = (right: number) => {
    const probabilities = new Float32Array(n * numClasses)
    labels.forEach((label, i) => {
      const answer = rng.uniform() < right ? label : uniformInt(rng, numClasses)
      probabilities[i * numClasses + answer] = 1
    })
    return { probabilities, labels, numClasses }
  }
  return { candidate: model(0.7), reference: model(0.8) }
}

/** The same examples in another order. */
function reorder(pair: ReturnType<typeof randomPair>, order: readonly number[]) {
  const pick = ({ probabilities, labels, numClasses }: typeof pair.candidate) => ({
    probabilities: Float32Array.from(
      order.flatMap((row) => [...probabilities.slice(row * numClasses, (row + 1) * numClasses)]),
    ),
    labels: Int32Array.from(order, (row) => labels[row]!),
    numClasses,
  })
  return { candidate: pick(pair.candidate), reference: pick(pair.reference) }
}

describe('metrics of classes', () => {
  const pair = randomPair(300)
  const clusters = Int32Array.from({ length: 300 }, (_, i) => i % 25)
  it.each(['macroF1', 'balancedAccuracy', 'accuracy'] as const)('%s is the one of the confusion matrix', (metric) => {
    const of = (each: typeof pair.candidate, rows?: number[]) => {
      const { macroF1, microF1, classes } = confusion(each, rows)
      const recall = classes.reduce((sum, { recall }) => sum + recall, 0) / classes.length
      return { macroF1, balancedAccuracy: recall, accuracy: microF1 }[metric]
    }
    const both = bootstrapClassMetric(metric, pair, { key })!
    expect(both.estimate).toBeCloseTo(of(pair.candidate) - of(pair.reference), 12)
    const rows = [5, 9, 20, 21, 22, 40, 41]
    const one = bootstrapClassMetric(metric, { candidate: pair.candidate }, { key, rows })!
    expect(one.estimate).toBeCloseTo(of(pair.candidate, rows), 12)
  })
  it('a class that no example has counts as 0', () => {
    const candidate = { probabilities: Float32Array.of(1, 0, 0, 0, 1, 0), labels: Int32Array.of(0, 1), numClasses: 3 }
    expect(bootstrapClassMetric('macroF1', { candidate }, { key })!.estimate).toBeCloseTo(2 / 3, 12)
  })
  it('is paired: a model against itself differs by 0 in every draw', () => {
    const same = { candidate: pair.candidate, reference: pair.candidate }
    expect(bootstrapClassMetric('macroF1', same, { key })).toMatchObject({ estimate: 0, interval: [0, 0] })
  })
  it.each([undefined, clusters])('the order of the examples changes no bit, in clusters or not', (of) => {
    const order = shuffle(
      Array.from({ length: 300 }, (_, i) => i),
      makeRng('order'),
    )
    const [once, again] = [
      bootstrapClassMetric('macroF1', pair, { key, ...(of && { clusters: of }) })!,
      bootstrapClassMetric('macroF1', reorder(pair, order), {
        key,
        ...(of && { clusters: order.map((row) => of[row]!) }),
      })!,
    ]
    expect([again.estimate, ...again.interval, again.se]).toEqual([once.estimate, ...once.interval, once.se])
  })
  it('another seed, metric or slice draws otherwise', () => {
    const lower = (of: { seed?: string; metric?: string; slice?: string }) =>
      bootstrapClassMetric('macroF1', pair, { key: { ...key, ...of } })!.interval[0]
    expect(new Set([lower({}), lower({ seed: 'b' }), lower({ metric: 'm' }), lower({ slice: 's' })]).size).toBe(4)
    expect(lower({})).toBe(lower({}))
  })
  it('a mean in another order is the same mean, clusters or not', () => {
    const rng = makeRng('values')
    const values = Array.from({ length: 200 }, () => rng.normal())
    const of = values.map((_, i) => i % 20)
    const order = shuffle(
      values.map((_, i) => i),
      makeRng('order'),
    )
    const moved = { values: order.map((i) => values[i]!), clusters: order.map((i) => of[i]!) }
    const figures = (result: ReturnType<typeof bootstrapMean>) => [result!.estimate, result!.se, ...result!.interval]
    expect(figures(bootstrapMean(moved.values, { key }))).toEqual(figures(bootstrapMean(values, { key })))
    expect(figures(bootstrapMean(moved.values, { key, clusters: moved.clusters }))).toEqual(
      figures(bootstrapMean(values, { key, clusters: of })),
    )
  })
})

/** Mean and variance of 20,000 draws. */
function moments(draw: () => number): readonly [number, number] {
  const values = Array.from({ length: 20_000 }, draw)
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length]
}

describe('draws', () => {
  it.each([
    [5, 0.3],
    [40, 0.1],
    [40, 0.9],
    [300, 0.2],
    [1_000_000, 0.4],
    [1_000_000, 0.000_02],
  ])('Binomial(%d, %d) has its mean and variance', (n, p) => {
    const rng = makeRng(`${n} ${p}`)
    const [mean, spread] = moments(() => drawBinomial(n, p, rng))
    const sd = Math.sqrt(n * p * (1 - p))
    // Standard errors: sd/√20000, and about sd² · √(2/20000) = 1 % of the variance. Five of each.
    expect(Math.abs(mean - n * p)).toBeLessThan((5 * sd) / Math.sqrt(20_000))
    expect(Math.abs(spread / (sd * sd) - 1)).toBeLessThan(0.055)
  })
  it('fits the binomial’s probabilities: χ² under its 1 in 10,000 limit', () => {
    // Binomial(40, .3), by rejection. 4 … 21 and the two tails: 19 degrees of freedom, χ² over 52 once in 17,000 seeds.
    const rng = makeRng('chi')
    const [n, p, draws] = [40, 0.3, 50_000]
    const counts = new Float64Array(n + 1)
    for (let i = 0; i < draws; i++) counts[drawBinomial(n, p, rng)]! += 1
    const chance = [(1 - p) ** n]
    for (let k = 1; k <= n; k++) chance.push((chance[k - 1]! * (n - k + 1) * p) / (k * (1 - p)))
    const pool = (values: ArrayLike<number>) => {
      const sum = (from: number, to: number) =>
        Array.from(values)
          .slice(from, to)
          .reduce((a, b) => a + b, 0)
      return [sum(0, 4), ...Array.from(values).slice(4, 22), sum(22, n + 1)]
    }
    const [seen, expected] = [pool(counts), pool(chance.map((each) => each * draws))]
    const statistic = seen.reduce((sum, each, i) => sum + (each - expected[i]!) ** 2 / expected[i]!, 0)
    expect(statistic).toBeLessThan(52)
  })
  it('ends: no trials, no chance, certainty', () => {
    const rng = makeRng(1)
    expect([drawBinomial(0, 0.5, rng), drawBinomial(9, 0, rng), drawBinomial(9, 1, rng)]).toEqual([0, 0, 9])
    expect(() => drawBinomial(3, NaN, rng)).toThrow(RangeError)
  })
  it.each([
    ['one by one', 90],
    ['by binomials', 9000],
  ])('%s: as many units as there are, each as often as its share', (_, n) => {
    const cells = Array.from({ length: n }, (_, i) => (i % 10 < 7 ? 0 : 1))
    const units = cellUnits(cells, 2)
    const draw = resampler(units)
    const rng = makeRng('draw')
    const weights = new Int32Array(2)
    const totals = new Set<number>()
    const [mean, spread] = moments(() => {
      draw(weights, rng)
      totals.add(weights[0]! + weights[1]!)
      return weights[0]!
    })
    expect([...totals]).toEqual([n])
    const sd = Math.sqrt(n * 0.7 * 0.3)
    expect(Math.abs(mean - 0.7 * n)).toBeLessThan((5 * sd) / Math.sqrt(20_000))
    expect(Math.abs(spread / (sd * sd) - 1)).toBeLessThan(0.055)
  })
})
