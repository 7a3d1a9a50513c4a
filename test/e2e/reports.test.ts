import { createPublicKey, verify } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  verifyReport,
  type SamplePage,
  type SampleQuery,
  type ServerKeySet,
  type SignedReport,
  type VerifyEd25519,
} from '@panal/client-core'
import { reportPolicy } from '../../server/src/gate/report/report-html.ts'
import type { ReportView } from '../../server/src/gate/report/reports.ts'
import { judgeTwoVersions } from '../fixtures/judged-task.ts'
import { useLiveServer } from '../fixtures/live-server.ts'
import { panalHere } from '../fixtures/panal-here.ts'
import { localToken, tokenOf } from '../fixtures/people.ts'

const byNode: VerifyEd25519 = async (key, signature, bytes) =>
  verify(null, bytes, createPublicKey({ key, format: 'jwk' }), signature)

const live = useLiveServer()
let viewer: string
let folder: string
beforeAll(async () => {
  await judgeTwoVersions(live)
  viewer = await tokenOf(live, 'viewer')
  folder = await mkdtemp(join(tmpdir(), 'panal-reports-'))
}, 120_000)
afterAll(() => rm(folder, { recursive: true }))

const of = (version: number | string) => `/v1/tasks/digits/versions/${version}`
const asViewer = (path: string) => live.fetch(path, { headers: { authorization: `Bearer ${viewer}` } })
const readView = async (version: number) =>
  (await (await live.fetch(`${of(version)}/report.json`)).json()) as ReportView
const readKeys = async () => (await (await live.fetch('/v1/keys')).json()) as ServerKeySet
const samplesOf = async (query: unknown, more = '') => {
  const response = await asViewer(`${of(2)}/samples?query=${encodeURIComponent(JSON.stringify(query))}${more}`)
  return { status: response.status, page: (await response.json()) as SamplePage & { code?: string } }
}
const worst: SampleQuery = { set: 'gate', where: [], order: 'regression' }

describe('a report over HTTP', () => {
  it('is signed by the server, with the digest of the model’s weights as subject', async () => {
    const view = await readView(2)
    const model = await live.fetch('/v1/tasks/digits/models/2')
    expect(`"${view.signature?.weightsSha256 ?? ''}"`).toBe(model.headers.get('etag'))
    expect(await verifyReport(view, await readKeys(), byNode)).toMatchObject({ ok: true })
    const changed = { ...view, report: { ...view.report, verdict: 'PASS' as const } }
    expect(await verifyReport(changed, await readKeys(), byNode)).toMatchObject({ ok: false })
  })

  it('of the same judgement stays verifiable after the key was rotated', async () => {
    const before = await readView(1)
    await live.fetch('/v1/keys/rotate', {
      method: 'POST',
      headers: { authorization: `Bearer ${await localToken(live)}` },
    })
    expect(await verifyReport(await readView(1), await readKeys(), byNode)).toMatchObject({ ok: true })
    expect((await readView(1)).signature).toEqual(before.signature)
  })

  it('tells the history of looks at the gate set, with the verdicts', async () => {
    const { looks, report } = await readView(2)
    expect(looks.map(({ version, verdict }) => [version, verdict])).toEqual([
      [1, 'PASS'],
      [2, report.verdict],
    ])
  })

  it('as a file has a policy of its own, and the worst examples as pictures', async () => {
    const response = await asViewer(`${of(2)}/report.html`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-security-policy')).toBe(reportPolicy)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('cache-control')).toContain('private')
    const html = await response.text()
    expect(html).toContain('Model 2 of “Handwritten digits”')
    expect(html.match(/data:image\/png;base64,iVBOR/g)?.length).toBeGreaterThanOrEqual(8)
  })

  it.each([
    ['0/report.json', 404, 'not-found'],
    ['0/report.html', 404, 'not-found'],
    ['77/report.json', 404, 'unknown-version'],
    ['x/report.html', 400, 'bad-request'],
  ])('%s is refused', async (path, status, code) => {
    const response = await asViewer(of(path))
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code])
  })

  it('is told to anybody, and the server’s own examples to nobody who has not signed in', async () => {
    expect((await live.fetch(`${of(2)}/report.json`)).status).toBe(200)
    for (const path of ['report.html', `samples?query=${encodeURIComponent(JSON.stringify(worst))}`])
      expect((await live.fetch(`${of(2)}/${path}`)).status).toBe(401)
  })
})

describe('the examples behind a row', () => {
  it('come page by page, each once, worst first, with both models’ answers and the image', async () => {
    const pages = await Promise.all([0, 25, 50].map((offset) => samplesOf(worst, `&limit=25&offset=${offset}`)))
    const samples = pages.flatMap(({ page }) => page.samples)
    expect(pages.map(({ page }) => page.samples.length)).toEqual([25, 25, 10])
    expect(pages[0]!.page).toMatchObject({ total: 60, reference: { model: 'champion', version: 1 } })
    expect(new Set(samples.map(({ row }) => row)).size).toBe(60)
    const regressions = samples.map(({ candidate, reference }) => Math.log(reference!.pLabel / candidate.pLabel))
    regressions.slice(1).forEach((each, i) => expect(each).toBeLessThanOrEqual(regressions[i]! + 1e-6))
    for (const { image } of samples) {
      expect(image).toMatchObject({ width: 4, height: 4 })
      expect(Buffer.from(image!.png, 'base64').subarray(1, 4).toString()).toBe('PNG')
    }
  })

  it('are those that the query asks for', async () => {
    const query = { ...worst, order: 'loss', where: [{ column: 'label', value: 'two' }], candidate: 'wrong' }
    const { page } = await samplesOf(query, '&limit=100')
    expect(page.total).toBeGreaterThan(0)
    expect(page.total).toBeLessThan(60)
    for (const { label, candidate } of page.samples) expect([label, candidate.answer === 'two']).toEqual(['two', false])
  })

  it('a query that is none, or names what is not there, is refused', async () => {
    for (const query of [
      {},
      { ...worst, set: 'calibration' },
      { ...worst, more: 1 },
      { ...worst, label: 'nine' },
      { ...worst, where: [{ column: 'age', value: '3' }] },
      { ...worst, variation: { name: 'noise' } },
      [],
      'x',
    ])
      expect(await samplesOf(query)).toMatchObject({ status: 400, page: { code: 'bad-request' } })
    expect((await asViewer(`${of(2)}/samples?query=%7B`)).status).toBe(400)
    expect((await asViewer(`${of(2)}/samples`)).status).toBe(400)
  })
})

describe('panal version report', () => {
  const run = (...args: string[]) => panalHere(...args, '--server', live.url, '--token', viewer)

  it('saves both forms, and either is verified by itself', async () => {
    const [html, json] = [join(folder, 'report.html'), join(folder, 'report.json')]
    expect(await run('version', 'report', 'digits', '2', '--html', html, '--json', json)).toEqual({
      code: 0,
      out: `${html}\n${json}\n`,
      err: '',
    })
    for (const file of [html, json]) {
      const verified = await run('version', 'verify-report', file)
      expect(verified).toMatchObject({ code: 0, err: '' })
      expect(verified.out).toContain('The signature holds.')
      expect(verified.out).toContain((await readView(2)).weightsSha256)
    }
  })

  it('a saved report in which one letter was changed is not verified', async () => {
    const [html, json] = [join(folder, 'changed.html'), join(folder, 'changed.json')]
    await run('version', 'report', 'digits', '2', '--html', html, '--json', json)
    for (const file of [html, json]) {
      const text = await readFile(file, 'utf8')
      const at = text.lastIndexOf('"judgedAt":1') + '"judgedAt":1'.length
      await writeFile(file, `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`)
      expect(await run('version', 'verify-report', file)).toMatchObject({
        code: 1,
        err: expect.stringContaining('not-verified'),
      })
    }
  })

  it('says what is wrong with the command line and with a file', async () => {
    expect(await run('version', 'report', 'digits', '2')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no-file'),
    })
    const nowhere = join(folder, 'no', 'where.html')
    expect(await run('version', 'report', 'digits', '2', '--html', nowhere)).toMatchObject({ code: 2 })
    expect(await run('version', 'verify-report', nowhere)).toMatchObject({ code: 2 })
    const other = join(folder, 'other.json')
    for (const text of ['{}', 'no json', '<html></html>', '{"report":{},"signature":null}']) {
      await writeFile(other, text)
      expect(await run('version', 'verify-report', other)).toMatchObject({
        code: 2,
        err: expect.stringContaining('no-signed-report'),
      })
    }
    const unsigned: SignedReport = { report: (await readView(2)).report, signature: null }
    await writeFile(other, JSON.stringify(unsigned))
    expect(await run('version', 'verify-report', other)).toMatchObject({ code: 1 })
  })
})
