import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { worstOverall, type SamplePage, type SignedReport } from '@panal/client-core'
import {
  keyOfQuery,
  queriesOf,
  reportHtml,
  reportPolicy,
  signedReportIn,
} from '../../../../../server/src/gate/report/report-html.ts'
import { check, comparison, figuresNamed, gateReport, hostile } from '../../../../fixtures/gate-report.ts'
import { all, parseXml, textIn } from '../../../client-core/report/parse-xml.ts'

const report = gateReport({ figures: figuresNamed('candidate') })
const signed: SignedReport = {
  report,
  signature: {
    statement: 'gate-report',
    taskId: 'digits',
    version: 12,
    weightsSha256: 'c'.repeat(64),
    reportSha256: 'd'.repeat(64),
    keyId: 'k'.repeat(43),
    signature: 's'.repeat(86),
  },
}
const answer = { answer: hostile, pAnswer: 0.9, pLabel: 0.1 }
const page: SamplePage = {
  total: 30,
  offset: 0,
  reference: { model: 'champion', version: 9 },
  samples: [
    {
      id: 'a'.repeat(16),
      row: 4,
      label: hostile,
      candidate: answer,
      reference: answer,
      columns: { [hostile]: hostile, age: '' },
    },
  ],
}
const picture: SamplePage = {
  ...page,
  samples: [{ id: 'b', row: 0, label: '7', candidate: answer, image: { width: 28, height: 28, png: 'iVBORw0KGgo=' } }],
}

/** The page without its doctype is XML, apart from the style, which XML would read otherwise. */
const parsed = (html: string) => parseXml(html.replace(/^<!doctype html>/, '').replace(/<style>[^]*<\/style>/, ''))

describe('a saved report', () => {
  it('needs nothing else: no script, nothing fetched, one style, and a policy that allows just that', () => {
    const html = reportHtml(report, { signed, samples: new Map([[keyOfQuery(worstOverall(report)), picture]]) })
    const root = parsed(html)
    const loaded = all(root).flatMap(({ attributes }) => [attributes['src'] ?? [], attributes['href'] ?? []].flat())
    expect(loaded.filter((address) => !/^(#|data:image\/png;base64,)/.test(address))).toEqual([])
    expect(loaded).toContain('data:image/png;base64,iVBORw0KGgo=')
    expect(all(root, 'script').map(({ attributes }) => attributes['type'])).toEqual(['application/json'])
    expect(all(root).filter(({ attributes }) => attributes['style'] !== undefined)).toEqual([])

    const style = /<style>([^]*)<\/style>/.exec(html)![1]!
    const digest = createHash('sha256').update(style).digest('base64')
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'none'`,
    )
    expect(reportPolicy).toBe(`${policy}; frame-ancestors 'none'`)
    expect(style).not.toMatch(/url\(|@import/)
  })

  it('carries the signed report, whatever is in it, and gives it back', () => {
    const evil = { ...signed, report: gateReport({ reason: hostile, checks: [check({ reason: hostile })] }) }
    const html = reportHtml(evil.report, { signed: evil })
    expect(JSON.parse(signedReportIn(html) ?? '')).toEqual(JSON.parse(JSON.stringify(evil)))
    expect(html.match(/<script/g)).toHaveLength(1)
  })

  it('carries none where there is no signature', () => {
    expect(signedReportIn(reportHtml(report))).toBeUndefined()
    expect(signedReportIn(reportHtml(report, { signed: { ...signed, signature: null } }))).toBeUndefined()
    expect(textIn(parsed(reportHtml(report, { signed: { ...signed, signature: null } })))).toContain(
      'before reports were signed',
    )
  })

  it('shows rows of a table as rows, and takes hostile values for values', () => {
    const samples = new Map(queriesOf(report).map((query) => [keyOfQuery(query), page]))
    const root = parsed(reportHtml(report, { samples, title: hostile }))
    expect(all(root, 'img')).toEqual([])
    expect(textIn(root)).toContain('1 to 1 of 30 examples')
    expect(textIn(root)).toContain('row 5')
    expect(textIn(root)).toContain('missing')
  })

  it('shows the examples of a query once: later rows lead to the first, and to the worst of all from everywhere', () => {
    const query = { set: 'gate', where: [{ column: 'label', value: '7' }], order: 'loss' } as const
    const rows = [
      comparison({ samples: query }),
      comparison({ samples: { ...query, where: [...query.where] } }),
      comparison({ samples: worstOverall(report) }),
    ]
    const judged = gateReport({
      reason: 'segments: Worse.',
      checks: [check({ check: 'segments', reason: 'Worse.', rows })],
    })
    const samples = new Map([query, worstOverall(report)].map((each) => [keyOfQuery(each), page]))
    const root = parsed(reportHtml(judged, { samples }))
    expect(textIn(root).match(/1 to 1 of 30 examples/g)).toHaveLength(2)
    const links = all(root, 'a').filter((link) => textIn(link).startsWith('The examples behind this'))
    const targets = new Set(links.map(({ attributes }) => String(attributes['href']).slice(1)))
    expect(targets).toEqual(new Set(['examples-1', 'worst-examples']))
    const ids = all(root).flatMap(({ attributes }) => attributes['id'] ?? [])
    for (const target of targets) expect(ids.filter((id) => id === target)).toHaveLength(1)
  })

  it('without samples says nothing of examples', () => {
    expect(reportHtml(report)).not.toContain('The worst examples')
  })

  it('is drawn of a report that was written before checks had rows', () => {
    // As registry/stored-report.ts gives it: one row, made of the check's own fields.
    const row = comparison({ metric: 'log loss', verdict: 'PASS', reason: 'Fine.' })
    const { figures: _, ...old } = gateReport({ verdict: 'PASS', checks: [check({ rows: [row] })] })
    expect(textIn(parsed(reportHtml(old)))).toContain('Passed: it may be served')
  })

  it('the same report gives the same bytes', () => {
    expect(reportHtml(report, { signed })).toBe(reportHtml(report, { signed }))
  })
})

describe('the queries whose examples a report shows', () => {
  it('are the worst of all, then those of what decided and of what did not pass, each once', () => {
    const query = (value: string) => ({ set: 'gate', where: [{ column: 'label', value }], order: 'loss' }) as const
    const rows = [
      comparison({ verdict: 'PASS', samples: query('0') }),
      comparison({ verdict: 'WARN', samples: query('1') }),
      comparison({ verdict: 'BLOCK', samples: query('2') }),
    ]
    const segments = check({ check: 'segments', verdict: 'BLOCK', reason: 'label=2', rows })
    const judged = gateReport({ reason: 'segments: label=2', checks: [segments] })
    expect(queriesOf(judged)).toEqual([worstOverall(judged), query('2'), query('1')])
    expect(queriesOf(judged, 2)).toHaveLength(2)
  })
})
