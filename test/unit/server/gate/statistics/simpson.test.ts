import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  adjustedDifference,
  aggregateDifference,
  kitagawa,
} from '../../../../../server/src/gate/statistics/kitagawa.ts'
import { breslowDay, mantelHaenszel } from '../../../../../server/src/gate/statistics/mantel-haenszel.ts'
import { simpson } from '../../../../../server/src/gate/statistics/simpson.ts'
import type { Stratum } from '../../../../../server/src/gate/statistics/strata.ts'

/** Hits and misses of the candidate's arm, then of the reference's. */
const stratum = (name: string, a: number, b: number, c: number, d: number): Stratum => ({
  name,
  candidate: { n: a + b, hits: a },
  reference: { n: c + d, hits: c },
})

// Bickel, Hammel and O'Connell 1975: admissions of men (candidate) and women (reference) by department.
const berkeley = [
  stratum('A', 512, 313, 89, 19),
  stratum('B', 353, 207, 17, 8),
  stratum('C', 120, 205, 202, 391),
  stratum('D', 138, 279, 131, 244),
  stratum('E', 53, 138, 94, 299),
  stratum('F', 22, 351, 24, 317),
]
// Charig et al. 1986: open surgery and percutaneous nephrolithotomy by size of the stone.
const kidney = [stratum('small', 81, 6, 234, 36), stratum('large', 192, 71, 55, 25)]

describe('Simpson: Berkeley 1973 (gate.md 4)', () => {
  const report = simpson(berkeley)!
  it('the whole says +.1416, the departments say −.0426', () => {
    expect(report.aggregate.estimate).toBeCloseTo(0.141645, 6)
    expect(report.adjusted.estimate).toBeCloseTo(-0.042637, 6)
    expect(report.adjusted.se).toBeCloseTo(0.018305, 6)
    expect(report.parts.ratePart).toBeCloseTo(-0.036028, 6)
    expect(report.parts.mixPart).toBeCloseTo(0.177674, 6)
  })
  it('odds', () => {
    expect(report.common!.oddsRatio).toBeCloseTo(0.904697, 6)
    expect(report.common!.interval[0]).toBeCloseTo(0.771907, 6)
    expect(report.common!.interval[1]).toBeCloseTo(1.06033, 5)
    expect(report.common!.cmh).toBeCloseTo(1.524607, 6)
    expect(report.common!.p).toBeCloseTo(0.216924, 6)
    expect(report.homogeneity!.statistic).toBeCloseTo(18.825514, 6)
    expect(report.homogeneity!.p).toBeCloseTo(0.002071, 6)
  })
  it('is a strong reversal, made by the mix, and no odds ratio speaks for all', () => {
    expect(report.labels).toEqual(['REVERSAL_STRONG', 'MIX_SHIFT', 'MASKED'])
    // Department A alone is what is masked: 512/825 of the men and 89/108 of the women.
    const harmed = report.strata.filter(({ harmQ }) => harmQ !== undefined && harmQ <= 0.1)
    expect(harmed.map(({ name }) => name)).toEqual(['A'])
    expect(harmed[0]!.difference.estimate).toBeCloseTo(512 / 825 - 89 / 108, 12)
    expect(report.isHeterogeneous).toBe(true)
  })
})

describe('Simpson: kidney stones (gate.md 4)', () => {
  const report = simpson(kidney)!
  it('.78 against .825714, and yet better for either size', () => {
    expect(report.aggregate.estimate).toBeCloseTo(0.78 - 0.825714, 6)
    expect(report.adjusted.estimate).toBeCloseTo(0.053671, 6)
    expect(report.adjusted.se).toBeCloseTo(0.033586, 6)
    expect(report.common!.oddsRatio).toBeCloseTo(1.446847, 6)
    expect(report.common!.interval[0]).toBeCloseTo(0.915793, 6)
    expect(report.common!.interval[1]).toBeCloseTo(2.285849, 6)
    expect(report.common!.cmh).toBeCloseTo(2.433856, 6)
    expect(report.common!.p).toBeCloseTo(0.118741, 6)
  })
  it('is a weak reversal, homogeneous', () => {
    expect(report.labels).toEqual(['REVERSAL_WEAK', 'MIX_SHIFT'])
    expect(report.isHeterogeneous).toBe(false)
  })
})

describe('masked', () => {
  // Two strata of 800 are better by 3 points, one of 100 is worse by 20: 28 hits more of 1700 on the whole.
  const others = ['a', 'b'].map((name) => stratum(name, 640, 160, 616, 184))
  it('a stratum that falls while the whole does not', () => {
    expect(simpson([...others, stratum('c', 60, 40, 80, 20)])!.labels).toEqual(['MASKED'])
    expect(simpson([...others, stratum('c', 80, 20, 80, 20)])!.labels).toEqual([])
  })
  it('is not said of a stratum of three, whatever happened there', () => {
    const report = simpson([...others, stratum('c', 0, 3, 3, 0)])!
    expect(report.labels).toEqual([])
    expect(report.strata.map(({ harmQ }) => harmQ === undefined)).toEqual([false, false, true])
  })
  it('nor where the whole falls too: that is no mask', () => {
    expect(simpson([stratum('a', 600, 400, 700, 300), stratum('b', 60, 40, 80, 20)])!.labels).toEqual([])
  })
})

describe('edges', () => {
  it('says where a χ² over strata has too few examples', () => {
    // Expected 2 + 2, at least 0 and 0: within 5. Berkeley is far from that.
    const few = [stratum('a', 3, 1, 1, 3), stratum('b', 2, 2, 2, 2)]
    expect([mantelHaenszel(few)!.isSparse, mantelHaenszel(berkeley)!.isSparse]).toEqual([true, false])
  })
  it('a stratum that one arm never saw is listed, and decides nothing', () => {
    const report = simpson([...kidney, stratum('new clinic', 5, 5, 0, 0)])!
    expect(report.dropped).toEqual(['new clinic'])
    expect(report.adjusted).toEqual(simpson(kidney)!.adjusted)
    expect(simpson([stratum('new clinic', 5, 5, 0, 0)])).toBeUndefined()
  })
  it('without a miss there are no odds', () => {
    const perfect = [stratum('s', 5, 0, 7, 0), stratum('t', 4, 0, 3, 0)]
    expect(mantelHaenszel(perfect)).toBeUndefined()
    expect(breslowDay(perfect)).toBeUndefined()
    expect(simpson(perfect)!.aggregate).toMatchObject({ estimate: 0, se: 0, p: 1 })
  })
  it('Tarone’s correction is 0 where Breslow–Day’s fit reproduces the hits, and never raises the statistic', () => {
    const plain = breslowDay(berkeley)!
    const corrected = breslowDay(berkeley, { tarone: true })!
    expect(corrected.statistic).toBeLessThanOrEqual(plain.statistic)
    expect(plain.statistic - corrected.statistic).toBeLessThan(0.05)
  })
  it('the same rates in strata of the same mix: no label', () => {
    expect(simpson([stratum('a', 90, 10, 90, 10), stratum('b', 50, 50, 50, 50)])!.labels).toEqual([])
  })
})

const arm = fc.tuple(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 1, noNaN: true }))
const anyStratum = fc.tuple(arm, arm).map(([[n, p], [m, q]]): Stratum => ({
  name: 's',
  candidate: { n, hits: Math.round(n * p) },
  reference: { n: m, hits: Math.round(m * q) },
}))

it('rate part and mix part are the whole difference', () => {
  fc.assert(
    fc.property(fc.array(anyStratum, { minLength: 1, maxLength: 12 }), (strata) => {
      const { aggregate, ratePart, mixPart } = kitagawa(strata)
      expect(ratePart + mixPart).toBeCloseTo(aggregate, 12)
      expect(aggregate).toBeCloseTo(aggregateDifference(strata).estimate, 12)
    }),
    { seed: 8, numRuns: 500 },
  )
})

it('adjusting changes nothing where there is one stratum', () => {
  fc.assert(
    fc.property(anyStratum, (only) => {
      expect(adjustedDifference([only]).estimate).toBeCloseTo(aggregateDifference([only]).estimate, 12)
    }),
    { seed: 9, numRuns: 200 },
  )
})
