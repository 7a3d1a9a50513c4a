import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { judgeRecorded } from '../../../../../server/src/gate/recorded/judge-recorded.ts'
import { openRecorded, type RecordedRequest } from '../../../../../server/src/gate/recorded/recorded-evaluation.ts'
import { recordedHtml } from '../../../../../server/src/gate/report/recorded-html.ts'
import { signedReportIn } from '../../../../../server/src/gate/report/report-html.ts'
import { hostile } from '../../../../fixtures/gate-report.ts'
import { drawn, shuffled, tableOf, without, type Columns } from '../../../../fixtures/recorded-files.ts'
import { all, parseXml, textIn } from '../../../client-core/report/parse-xml.ts'

const ofTwo = { label: 'label', candidate: 'p_new', champion: 'p_old', id: 'id' }

async function htmlOf(columns: Columns, changes: Partial<RecordedRequest> = {}): Promise<string> {
  const request = { name: 'loans', columns: ofTwo, segments: ['job'], seed: 3, ...changes }
  const recorded = await openRecorded(tableOf(columns), request)
  return recordedHtml(recorded, await judgeRecorded(recorded, undefined, { signal: new AbortController().signal }))
}
const parsed = (html: string) => parseXml(html.replace(/^<!doctype html>/, '').replace(/<style>[^]*<\/style>/, ''))
const worse = drawn({ n: 2000, noiseInB: 2.5 })

describe('a saved report on recorded predictions', () => {
  it('names its columns where a version would be named, and says that nobody signed it', async () => {
    const html = await htmlOf(worse)
    const text = textIn(parsed(html))
    expect(textIn(all(parsed(html), 'h1')[0]!)).toBe('Recorded predictions p_new')
    expect(textIn(all(parsed(html), 'title')[0]!)).toBe('Recorded predictions p_new of “loans”: report of the gate')
    expect(text).toContain('Blocked: it must not be served')
    expect(text).toContain('all 2,000 rows judge')
    expect(text).toContain('Compared withp_oldthe champion')
    expect(text).toContain('no server signed this report')
    // Neither of a version nor of a clock, which there were none of.
    expect(text).not.toMatch(/Model 2|model 1|Judged|NaN|undefined|Invalid/)
    expect(signedReportIn(html)).toBeUndefined()
  })

  it('shows the worst rows by the names that the data give them', async () => {
    const root = parsed(await htmlOf(worse))
    const worst = all(root, 'section').find(({ attributes }) => attributes['id'] === 'worst-examples')!
    const cells = all(worst, 'tr').map((row) => [...all(row, 'th'), ...all(row, 'td')].map(textIn))
    const heads = ['Example', 'Truth', 'Answer', 'Champion', 'age', 'client', 'job']
    expect(cells[0]).toEqual(heads)
    const [id, truth, , , age, , job] = cells[1]!
    const place = worse['id']!.indexOf(id!)
    expect([truth, 'b']).toEqual([String(worse['label']![place]), job])
    // What is a number is told by its range: `[18, 30)`, or `≥ 66` at the end.
    expect(age).toMatch(/^(< \d+|\[\d+, \d+\)|≥ \d+)$/)
  })

  it('finds rows without a name by where the file has them', async () => {
    const { id: _, ...columns } = ofTwo
    const text = textIn(parsed(await htmlOf(without(worse, 'id'), { columns })))
    expect(text).toMatch(/row \d/)
  })

  it('is the same, byte for byte, whatever the order of the rows', async () => {
    expect(await htmlOf(shuffled(worse, makeRng(5)))).toBe(await htmlOf(worse))
  })

  it('of a first model is compared with nothing', async () => {
    const html = await htmlOf(without(worse, 'p_old'), { columns: { ...ofTwo, champion: null } })
    expect(textIn(parsed(html))).toContain('Compared withno modelthere is no champion yet')
  })

  it('takes hostile names and values for text', async () => {
    const job = worse['job']!.map((name) => (name === 'b' ? hostile : name))
    const root = parsed(await htmlOf({ ...worse, [hostile]: job }, { segments: [hostile] }))
    for (const tag of ['script', 'img', 'iframe']) expect(all(root, tag)).toEqual([])
    expect(textIn(root)).toContain('onerror=alert(1)')
  })
})
