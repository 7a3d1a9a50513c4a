import { describe, expect, it } from '@jest/globals'
import {
  decisiveOf,
  markupText,
  reportBody,
  type GateReport,
  type GateVerdict,
  type ReportContext,
} from '@panal/client-core'
import { check, comparison, figuresNamed, gateReport, hostile } from '../../../fixtures/gate-report.ts'
import { all, parseXml, textIn, type Parsed } from './parse-xml.ts'

const render = (report: GateReport, context?: ReportContext): Parsed =>
  parseXml(markupText(reportBody(report, context)))
const verdicts = ['PASS', 'WARN', 'NOT_ENOUGH_DATA', 'ERROR', 'BLOCK', 'NO_CHANGE'] as const

describe('a report', () => {
  it('says the verdict first, then what decided it', () => {
    const said = textIn(render(gateReport(), { title: 'Handwritten digits' }))
    const order = ['Model 12 of “Handwritten digits”', 'Blocked', 'What decided it', 'label=7', 'All checks in short']
    const places = order.map((words) => said.indexOf(words))
    expect(places).not.toContain(-1)
    expect([...places].sort((a, b) => a - b)).toEqual(places)
  })

  it('has a section for each check, with what it means, and opens those that did not pass', () => {
    const sections = all(render(gateReport()), 'details').filter(({ attributes }) => attributes['class'] === 'check')
    expect(sections.map(({ attributes }) => attributes['open'] !== undefined)).toEqual([false, false, true])
    for (const section of sections) expect(textIn(section)).toContain('What does this mean?')
    expect(textIn(sections[2]!)).toContain('What to do:')
  })

  it('every link leads to a place in it, and no id is there twice', () => {
    const elements = all(render(gateReport({ figures: figuresNamed('a') })))
    const ids = elements.flatMap(({ attributes }) => attributes['id'] ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    const links = elements.flatMap(({ attributes }) => attributes['href'] ?? [])
    expect(links.length).toBeGreaterThan(3)
    for (const link of links) expect(ids.map((id) => `#${id}`)).toContain(link)
  })

  it('headings go down one level at a time', () => {
    const levels = all(render(gateReport({ figures: figuresNamed('a') })))
      .filter(({ tag }) => /^h\d$/.test(tag))
      .map(({ tag }) => Number(tag[1]))
    expect(levels.filter((level) => level === 1)).toHaveLength(1)
    levels.slice(1).forEach((level, i) => expect(level - levels[i]!).toBeLessThanOrEqual(1))
  })

  it('takes hostile names for names', () => {
    const row = comparison({ segment: hostile, metric: hostile, reason: hostile, test: hostile })
    const report = gateReport({
      reason: hostile,
      checks: [
        check({
          check: hostile,
          verdict: 'BLOCK',
          reason: hostile,
          rows: [row, row, row],
          figures: figuresNamed(hostile),
        }),
      ],
      figures: figuresNamed(hostile),
    })
    const looks = [{ taskId: hostile, version: 1, at: 0, verdict: 'PASS' as const }]
    const tags = new Set(all(render(report, { title: hostile, status: hostile, looks })).map(({ tag }) => tag))
    for (const tag of ['script', 'img', 'iframe', 'style']) expect(tags).not.toContain(tag)
  })

  it.each(verdicts)('%s: has a headline and is drawn, with nothing measured as well', (verdict) => {
    const report = gateReport({
      verdict,
      checks: [],
      evaluation: null,
      gate: null,
      champion: null,
      anchor: null,
      sound: false,
    })
    expect(textIn(render(report))).toMatch(/Model 12.*(Passed|Held|Blocked)/)
  })

  it('shows the examples of a row where they are asked for, and once more the worst of all', () => {
    const asked: string[] = []
    render(gateReport(), { examples: ({ order, where }) => void asked.push(`${order} ${where.length}`) })
    // The row that decided, twice (above and in its check), that of the floor, and the worst of all.
    expect(asked).toHaveLength(4)
  })

  it('lists many rows in a table, and shows those that did not pass', () => {
    const rows = Array.from({ length: 40 }, (_, i) =>
      comparison({ segment: `label=${i}`, verdict: i === 7 ? 'BLOCK' : 'PASS' }),
    )
    const rendered = render(gateReport({ checks: [check({ check: 'segments', verdict: 'BLOCK', rows })] }))
    const shown = all(rendered, 'section').filter(({ attributes }) => attributes['class'] === 'measured')
    expect(shown).toHaveLength(6)
    expect(textIn(all(shown[0]!, 'h4')[0]!)).toBe('label=7: accuracy against champion')
    expect(textIn(rendered)).toContain('All 40 measurements')
  })

  it('counts the looks at the gate set, and marks this one', () => {
    const limit = comparison({ metric: 'looks at the gate set', estimate: 3, margin: 200, verdict: 'PASS' })
    const report = gateReport({ checks: [check({ check: 'reuse', rows: [limit] })] })
    const looks = [1, 12, 13].map((version) => ({ taskId: 'digits', version, at: version, verdict: 'PASS' as const }))
    const rendered = render(report, { looks })
    expect(textIn(rendered)).toContain('judged 3 models, of 200 that it is meant for. This judgement was number 2.')
    const marked = all(rendered, 'rect').filter(({ attributes }) => attributes['class']?.endsWith(' this'))
    expect(marked.map(textIn)).toEqual(['2. model 12 of digits: pass'])
  })

  it('the same report gives the same text', () => {
    expect(markupText(reportBody(gateReport()))).toBe(markupText(reportBody(gateReport())))
  })
})

describe('what decided', () => {
  it('is the check that the reason is of, its worst rows first', () => {
    const [decisive, ...others] = decisiveOf(gateReport())
    expect(others).toEqual([])
    expect(decisive).toMatchObject({ check: { check: 'segments' }, rows: [{ segment: 'label=7' }] })
  })

  it('is every check that blocks, the one that the reason is of first', () => {
    const reason = 'Worse for one group.'
    const [noise, groups] = [
      check({ check: 'robustness', verdict: 'BLOCK', reason: 'Falls faster.' }),
      check({ check: 'segments', verdict: 'BLOCK', reason }),
    ]
    const warned = check({ check: 'floor', verdict: 'WARN' })
    const report = gateReport({ verdict: 'BLOCK', reason: `segments: ${reason}`, checks: [noise, warned, groups] })
    expect(decisiveOf(report).map((each) => each.check)).toEqual([groups, noise])
  })

  it('is found in the sentence about a first model, too', () => {
    const warned = check({ verdict: 'WARN', reason: 'May be over or under the floor.' })
    const reason =
      'A first model must pass every check that applies, and this one only warns: floor: May be over or under the floor.'
    expect(decisiveOf(gateReport({ verdict: 'NOT_ENOUGH_DATA', reason, checks: [warned] }))).toEqual([
      { check: warned, rows: [] },
    ])
  })

  it('of a pass are the checks that were passed with a measurement', () => {
    const row = comparison({ verdict: 'PASS' })
    const passed = check({ check: 'no-regression', rows: [row] })
    const report = gateReport({ verdict: 'PASS', reason: 'Passed no-regression.', checks: [check(), passed] })
    expect(decisiveOf(report)).toEqual([{ check: passed, rows: [row] }])
  })

  it.each<[GateVerdict & GateReport['verdict'], string]>([
    ['NO_CHANGE', 'It is byte for byte the champion.'],
    ['NOT_ENOUGH_DATA', 'The task configures no check that says how good a model is, so the gate promotes none.'],
  ])('is no check where the verdict %s is not of one', (verdict, reason) => {
    expect(decisiveOf(gateReport({ verdict, reason }))).toEqual([])
  })
})
