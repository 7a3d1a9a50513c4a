import { describe, expect, it } from '@jest/globals'
import { accuracyDifference, discordance } from '../../../../../server/src/gate/statistics/discordance.ts'
import { mcnemarExact, mcnemarHarmP, mcnemarMidP } from '../../../../../server/src/gate/statistics/mcnemar.ts'
import { clopperPearson } from '../../../../../server/src/gate/statistics/clopper-pearson.ts'
import { tangoInterval, tangoNonInferiorityP, tangoZ } from '../../../../../server/src/gate/statistics/tango.ts'

describe('McNemar', () => {
  it('agrees with the published values (gate.md 2.7)', () => {
    expect(mcnemarExact({ lost: 25, won: 10 })).toBeCloseTo(0.0166738, 7)
    expect(mcnemarMidP({ lost: 25, won: 10 })).toBeCloseTo(0.011331, 7)
    expect(mcnemarExact({ lost: 120, won: 80 })).toBeCloseTo(0.0057, 4)
  })
  it('finds nothing where the models never disagree', () => {
    expect(mcnemarExact({ lost: 0, won: 0 })).toBe(1)
    expect(mcnemarMidP({ lost: 0, won: 0 })).toBe(1)
    expect(mcnemarHarmP({ lost: 0, won: 0 })).toBe(1)
  })
  it('one-sided: 3 lost and none won is P(X = 0)/2 = 1/16', () => {
    expect(mcnemarHarmP({ lost: 3, won: 0 })).toBeCloseTo(1 / 16, 12)
    // P(X ≤ 3) − P(X = 3)/2 = 1 − 1/16
    expect(mcnemarHarmP({ lost: 0, won: 3 })).toBeCloseTo(15 / 16, 12)
  })
  it('does not care which of the two is called the reference', () => {
    expect(mcnemarExact({ lost: 7, won: 19 })).toBe(mcnemarExact({ lost: 19, won: 7 }))
  })
})

describe('Tango score interval', () => {
  it.each([
    // Newcombe 1998, method 10's table: a = 36, b = 12, c = 2, d = 0
    [{ n: 50, won: 12, lost: 2 }, 0.061112, 0.344709],
    [{ n: 1000, won: 10, lost: 25 }, -0.027738, -0.003603],
    // Where Wald's collapses to [0, 0].
    [{ n: 100, won: 0, lost: 0 }, -0.036993, 0.036993],
  ])('of %j is (%f, %f)', (counts, lower, upper) => {
    const [l, u] = tangoInterval(counts, 0.025)
    expect(l).toBeCloseTo(lower, 6)
    expect(u).toBeCloseTo(upper, 6)
  })
  it('tells non-inferiority by a margin (gate.md 2.8)', () => {
    expect(tangoZ({ n: 1000, lost: 30, won: 28 }, -0.01)).toBeCloseTo(1.039998, 6)
    expect(tangoNonInferiorityP({ n: 1000, lost: 30, won: 28 }, 0.01)).toBeCloseTo(0.14917, 5)
    expect(tangoZ({ n: 10_000, lost: 120, won: 80 }, -0.01)).toBeCloseTo(3.999, 3)
    expect(tangoZ({ n: 100, lost: 0, won: 0 }, -0.01)).toBeCloseTo(1.005, 3)
  })
  it('holds at the ends of the range', () => {
    expect(tangoInterval({ n: 5, lost: 0, won: 5 })[1]).toBeCloseTo(1, 9)
    expect(tangoInterval({ n: 5, lost: 5, won: 0 })[0]).toBeCloseTo(-1, 9)
    expect(() => tangoZ({ n: 0, lost: 0, won: 0 }, 0)).toThrow(RangeError)
  })
  it('covers the true difference at its level: 90 % of 1000 seeded draws, to within 2.5 %', async () => {
    const { makeRng } = await import('@panal/client-core')
    const rng = makeRng('tango')
    const [pWon, pLost, n] = [0.05, 0.07, 400]
    let covered = 0
    for (let draw = 0; draw < 1000; draw++) {
      const counts = { n, won: 0, lost: 0 }
      for (let i = 0; i < n; i++) {
        const u = rng.uniform()
        if (u < pWon) counts.won++
        else if (u < pWon + pLost) counts.lost++
      }
      const [l, u] = tangoInterval(counts)
      if (l <= pWon - pLost && pWon - pLost <= u) covered++
    }
    // sd of the share: √(.9 · .1 / 1000) = .0095
    expect(Math.abs(covered / 1000 - 0.9)).toBeLessThan(0.025)
  })
})

describe('Clopper and Pearson', () => {
  it.each([
    [0, 59, 0.0495],
    [3, 200, 0.03831],
    [10, 500, 0.03369],
  ])('at most so many where %i of %i were seen (gate.md 2.7)', (k, n, upper) => {
    expect(clopperPearson(k, n)[1]).toBeCloseTo(upper, 4)
  })
  it('reaches 0 and 1 exactly, and knows nothing without trials', () => {
    expect(clopperPearson(0, 20)[0]).toBe(0)
    expect(clopperPearson(20, 20)[1]).toBe(1)
    expect(clopperPearson(0, 0)).toEqual([0, 1])
    expect(() => clopperPearson(2, 1)).toThrow(RangeError)
  })
})

describe('discordance', () => {
  const predictions = (answers: readonly number[], labels: readonly number[]) => ({
    probabilities: Float32Array.from(answers.flatMap((answer) => (answer === 1 ? [0.2, 0.8] : [0.8, 0.2]))),
    labels: Int32Array.from(labels),
    numClasses: 2,
  })
  const labels = [1, 1, 1, 0, 0]
  const candidate = predictions([1, 0, 1, 1, 0], labels) // right on 0, 2, 4
  const reference = predictions([1, 1, 0, 0, 0], labels) // right on 0, 1, 3, 4

  it('counts the examples on which one model alone is right', () => {
    expect(discordance(candidate, reference)).toEqual({ n: 5, lost: 2, won: 1 })
    expect(discordance(candidate, reference, [2, 4])).toEqual({ n: 2, lost: 0, won: 1 })
  })
  it('is the difference of accuracies', () => {
    expect(accuracyDifference(discordance(candidate, reference))).toBeCloseTo(-1 / 5, 12)
    expect(() => accuracyDifference({ n: 0, lost: 0, won: 0 })).toThrow(RangeError)
  })
})
