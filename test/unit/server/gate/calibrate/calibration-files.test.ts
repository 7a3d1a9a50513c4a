import { describe, expect, it } from '@jest/globals'
import { gateCalibrateText } from '../../../../../server/src/cli/gate-calibrate-text.ts'
import { detectionCurves } from '../../../../../server/src/gate/calibrate/calibration-figures.ts'
import { calibrationHtml } from '../../../../../server/src/gate/calibrate/calibration-html.ts'
import type { CalibrationReport, SettingReport } from '../../../../../server/src/gate/calibrate/calibration-report.ts'
import { calibrationSvg } from '../../../../../server/src/gate/calibrate/calibration-svg.ts'
import { promisesOf, rateOf } from '../../../../../server/src/gate/calibrate/tabulate.ts'

import { all, parseXml, textIn } from '../../../client-core/report/parse-xml.ts'

const hostile = '</table><script>alert(1)</script> "&'

const setting = (label: string, numBlocked: number, changes: Partial<SettingReport> = {}): SettingReport => ({
  label,
  expected: 'blocked',
  blocked: rateOf(numBlocked, 100),
  gain: { accuracy: -0.012, logLoss: 0.0034 },
  held: rateOf(10, 100),
  promoted: rateOf(90 - numBlocked, 100),
  verdicts: { BLOCK: numBlocked, PASS: 90 - numBlocked, NOT_ENOUGH_DATA: 10 },
  blockedBy: [{ check: 'segments', count: numBlocked }],
  ...changes,
})
const parts = [{ part: `home=${hostile}`, blocked: rateOf(3, 4) }]
const scenarios: CalibrationReport['scenarios'] = [
  {
    name: 'same',
    title: 'The champion as if it were new',
    settings: [setting('equal', 2, { expected: 'not-blocked' })],
  },
  {
    name: 'segment-regression',
    title: 'Accuracy falls in one segment',
    scale: 'fall, in margins',
    settings: [
      setting('0 margins', 3, { size: 0, expected: 'not-blocked' }),
      setting('1 margin', 40, { size: 1, expected: 'told' }),
      setting('2 margins', 81, { size: 2, parts }),
    ],
  },
  { name: 'stale', title: 'An earlier version', settings: [], because: 'there is none before' },
]
const report: CalibrationReport = {
  taskId: 'toy',
  champion: 7,
  anchor: 2,
  like: null,
  seed: 0,
  runs: 100,
  faultRuns: 100,
  examples: { evaluation: 40, calibration: 30, gate: 1234 },
  jitter: { std: 0.1, disagreement: 0.04 },
  promises: promisesOf(scenarios),
  scenarios,
  drift: {
    rounds: 2,
    runs: 20,
    shareOfMargin: 0.3,
    harm: 0.0006,
    lines: [
      {
        name: 'against the champion only',
        numPromoted: 1.5,
        points: [
          { round: 0, accuracy: 0.95, logLoss: 0.1 },
          { round: 1, accuracy: 0.94, logLoss: 0.2 },
          { round: 2, accuracy: 0.93, logLoss: 0.3 },
        ],
      },
    ],
  },
  nulls: [
    { scenario: 'exchanged', test: 'segments: fine', count: 100, distance: 0.05, p: 0.9, surplus: 0.05, pSurplus: 0.6 },
    { scenario: 'exchanged', test: 'segments: early', count: 100, distance: 0.4, p: 0, surplus: 0.4, pSurplus: 1e-9 },
  ],
}

describe('the curves of a calibration', () => {
  it('are one for each scale of sizes, with intervals', () => {
    const [curve, ...others] = detectionCurves(report)
    expect(others).toEqual([])
    expect(curve!.lines.map(({ name }) => name)).toEqual(['blocked', 'held', 'promoted'])
    expect(curve!.lines[0]!.points.map(({ x, y }) => [x, y])).toEqual([
      [0, 0.03],
      [1, 0.4],
      [2, 0.81],
    ])
    expect(curve!.lines[0]!.points[2]!.interval).toEqual(rateOf(81, 100).interval)
  })
})

describe('the page of a calibration', () => {
  const html = calibrationHtml(report)
  const root = parseXml(html.replace(/^<!doctype html>/, '').replace(/<style>[^]*<\/style>/, ''))
  it('says what is promised, and what was not kept', () => {
    const kept = all(root, 'li').filter(({ attributes }) => attributes['class'] === undefined)
    expect(kept.map(textIn).filter((text) => /promised/.test(text))).toEqual([
      expect.stringMatching(/^kept.*as if it were new.*Blocked in 2\.0 %.*at most 5\.0 % are promised/),
      expect.stringMatching(/^kept.*0 margins/),
      expect.stringMatching(/^not kept.*2 margins.*Blocked in 81\.0 %.*at least 90\.0 % is promised/),
      expect.stringMatching(/^not kept.*2 margins.*Promoted in 9\.0 %.*at most 5\.0 % are promised/),
    ])
  })
  it('says nothing of few runs that tell nothing', () => {
    const few = rateOf(1, 5)
    const promise = { what: 'equal models', of: 'blocked', rate: few, most: 0.05, isKept: false } as const
    expect(calibrationHtml({ ...report, promises: [promise] })).toContain('too few runs to tell')
    expect(gateCalibrateText({ ...report, promises: [promise] })).toContain('too few runs to tell')
    const many = { ...promise, rate: rateOf(4, 5) }
    expect(calibrationHtml({ ...report, promises: [many] })).toContain('not kept')
  })
  it('has every kind of candidate, also those that could not be tried', () => {
    const text = textIn(root)
    for (const { title } of scenarios) expect(text).toContain(title)
    expect(text).toContain('Not tried: there is none before.')
    expect(all(root, 'svg').some(({ attributes }) => attributes['role'] === 'img')).toBe(true)
  })
  it('tells where many small steps led', () => {
    const text = textIn(root)
    expect(text).toContain('worse than its champion by 30.0 % of the margin of log loss (0.00060 nats at first)')
    expect(text).toMatch(/against the champion only1\.5 of 295\.0 % → 93\.0 %0\.1000 → 0\.3000/)
    expect(
      textIn(
        parseXml(
          calibrationHtml({ ...report, drift: null })
            .replace(/^<!doctype html>/, '')
            .replace(/<style>[^]*<\/style>/, ''),
        ),
      ),
    ).not.toContain('small steps')
  })
  it('takes hostile names for names', () => {
    expect(textIn(root)).toContain(hostile)
    expect(all(root, 'script')).toEqual([])
  })
})

describe('the pictures as a file', () => {
  it('are XML by themselves, with a legend for each', () => {
    const root = parseXml(calibrationSvg(report))
    expect(root.attributes['xmlns']).toBe('http://www.w3.org/2000/svg')
    expect(all(root, 'text').map(textIn)).toEqual(expect.arrayContaining(['blocked', 'held', 'promoted']))
    expect(all(root, 'path').length).toBeGreaterThan(3)
  })
  it('are none where no sizes were tried', () => {
    expect(all(parseXml(calibrationSvg({ ...report, scenarios: [] })), 'path')).toEqual([])
  })
})

describe('the text of a calibration', () => {
  const text = gateCalibrateText(report)
  it('has a line for each promise and each size', () => {
    expect(text).toMatch(/^blocked +The champion as if it were new +2\.0 % \(0\.2–7\.0\) +≤ 5\.0 % +kept$/m)
    expect(text).toMatch(/^blocked +.*2 margins +81\.0 % \(71\.9–88\.2\) +≥ 90\.0 % +NOT KEPT$/m)
    expect(text).toMatch(
      /^segment-regression +2 margins +-1\.20 points, \+0\.0034 nats +81\.0 % .* 10\.0 % +9\.0 % .* segments 81$/m,
    )
    expect(text).toMatch(/^stale +not tried: there is none before/m)
  })
  it('tells where many small steps led', () => {
    expect(text).toMatch(/^against the champion only +1\.5 of 2 +95\.0 % → 93\.0 % +0\.1000 → 0\.3000$/m)
  })
  it('names the tests that find harm where there is none', () => {
    expect(text).toContain('2 kinds of p-values')
    expect(text).toContain('1 have more small values than they should.')
    expect(text).toMatch(/^ {2}exchanged, segments: early: by 0\.400$/m)
  })
})
