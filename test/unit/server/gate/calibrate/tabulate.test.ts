import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import type { ScenarioReport } from '../../../../../server/src/gate/calibrate/calibration-report.ts'
import type { RunOutcome } from '../../../../../server/src/gate/calibrate/run.ts'
import type { Setting } from '../../../../../server/src/gate/calibrate/scenario.ts'
import { nullReports, promisesOf, rateOf, settingReport } from '../../../../../server/src/gate/calibrate/tabulate.ts'

const outcome = (changes: Partial<RunOutcome>): RunOutcome => ({
  run: 0,
  verdict: 'PASS',
  blockedBy: [],
  gain: { accuracy: 0, logLoss: 0 },
  pValues: [],
  ...changes,
})
const setting: Setting = {
  label: '2 margins',
  size: 2,
  expected: 'blocked',
  stage: () => {
    throw new Error('nothing is staged here')
  },
}

describe('rates', () => {
  it('have the interval of Clopper and Pearson', () => {
    // Their own example, 1934: 3 of 10 at 95 % is 6.67 % to 65.25 %.
    const { rate, interval } = rateOf(3, 10)
    expect(rate).toBe(0.3)
    expect(interval.map((end) => Number(end.toFixed(4)))).toEqual([0.0667, 0.6525])
  })
  it('cover the true rate in 95 % of cases or more, small ones too', () => {
    const rng = makeRng('coverage')
    for (const truth of [0.02, 0.05, 0.5, 0.9]) {
      let covered = 0
      for (let i = 0; i < 400; i++) {
        let count = 0
        for (let run = 0; run < 100; run++) count += Number(rng.uniform() < truth)
        const [low, high] = rateOf(count, 100).interval
        covered += Number(low <= truth && truth <= high)
      }
      // 95 % of 400 is 380, standard deviation 4.4; three of them.
      expect(covered).toBeGreaterThan(366)
    }
  })
  it('of no runs say nothing', () => {
    expect(rateOf(0, 0)).toEqual({ count: 0, of: 0, rate: 0, interval: [0, 1] })
  })
})

describe('a setting', () => {
  const outcomes = [
    outcome({ verdict: 'BLOCK', blockedBy: ['segments', 'floor'], about: 'home=van' }),
    outcome({ verdict: 'BLOCK', blockedBy: ['segments'], about: 'home=flat' }),
    outcome({ verdict: 'NOT_ENOUGH_DATA', about: 'home=van' }),
    outcome({ verdict: 'ERROR', about: 'home=van' }),
    outcome({ verdict: 'WARN', about: 'home=flat' }),
  ]
  const report = settingReport(setting, outcomes)

  it('has the mean of what candidates were better by', () => {
    const gains = [0.01, -0.03].map((accuracy) => outcome({ gain: { accuracy, logLoss: -1 } }))
    expect(settingReport(setting, gains).gain).toEqual({ accuracy: expect.closeTo(-0.01, 12), logLoss: -1 })
  })

  it('parts its runs into blocked, held and promoted', () => {
    expect([report.blocked.count, report.held.count, report.promoted.count]).toEqual([2, 2, 1])
    expect(report.verdicts).toEqual({ BLOCK: 2, NOT_ENOUGH_DATA: 1, ERROR: 1, WARN: 1 })
  })
  it('says who blocked, and where it was found', () => {
    expect(report.blockedBy).toEqual([
      { check: 'segments', count: 2 },
      { check: 'floor', count: 1 },
    ])
    expect(report.parts!.map(({ part, blocked: { count, of } }) => [part, count, of])).toEqual([
      ['home=flat', 1, 2],
      ['home=van', 1, 3],
    ])
  })
})

describe('promises', () => {
  const scenario = (name: ScenarioReport['name'], expected: Setting['expected'], blocked: number): ScenarioReport => ({
    name,
    title: name,
    settings: [
      {
        ...settingReport({ ...setting, expected }, []),
        blocked: rateOf(blocked, 100),
        promoted: rateOf(100 - blocked, 100),
      },
    ],
  })
  const isKept = (...reports: ScenarioReport[]) => promisesOf(reports).map((each) => each.isKept)

  it('are kept by a gate that blocks at most 5 % of equal models', () => {
    expect(isKept(scenario('same', 'not-blocked', 5), scenario('mix-shift', 'not-blocked', 6))).toEqual([true, false])
  })
  it('are kept by a gate that blocks at least 90 % of two margins in one segment', () => {
    expect(isKept(scenario('segment-regression', 'blocked', 96))).toEqual([true, true])
    expect(isKept(scenario('segment-regression', 'blocked', 90))).toEqual([true, false])
    expect(isKept(scenario('segment-regression', 'blocked', 89))).toEqual([false, false])
  })
  it('are kept by a gate that promotes at most 5 % of what is worse', () => {
    expect(isKept(scenario('regression', 'not-promoted', 95), scenario('lost-feature', 'blocked', 94))).toEqual([
      true,
      false,
    ])
  })
  it('are made of nothing else', () => {
    expect(isKept(scenario('stale', 'told', 0), scenario('temperature', 'told', 0))).toEqual([])
  })
})

describe('p-values of equal models', () => {
  const runs = (values: readonly number[]): RunOutcome[] => values.map((p) => outcome({ pValues: [['a test', p]] }))
  const even = Array.from({ length: 100 }, (_, i) => (i + 0.5) / 100)

  it('are uniform, or have too many small ones', () => {
    const [exact] = nullReports('exchanged', runs(even))
    expect(exact).toMatchObject({ scenario: 'exchanged', test: 'a test', count: 100 })
    expect(exact!.pSurplus).toBeGreaterThan(0.9)
    // Squares of uniform values: a quarter of them is under 1/16.
    expect(nullReports('exchanged', runs(even.map((p) => p * p)))[0]!.pSurplus).toBeLessThan(0.001)
  })
  it('are not looked at where they are of counts', () => {
    expect(nullReports('exchanged', runs(even.map((p) => Math.round(10 * p) / 10)))).toEqual([])
  })
  it('are not looked at where there are few', () => {
    expect(nullReports('exchanged', runs(even.slice(0, 49)))).toEqual([])
  })
})
