import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { TaskDocument } from '@panal/server'
import type { TSchema } from 'typebox'
import { GateReportSchema } from '../../server/src/gate/report-schema.ts'
import { validatorCompiler } from '../../server/src/http/validators.ts'
import { addDataset, createTask, randomImages, useLiveServer } from '../fixtures/live-server.ts'
import { answerOf, rawRequest } from '../fixtures/raw-http.ts'

const live = useLiveServer()
let document: TaskDocument
beforeAll(async () => {
  document = await createTask(live)
}, 60_000)

const codeOf = async (path: string, init?: RequestInit) => {
  const { status, code } = (await answerOf(await live.fetch(path, init))) as { status: number; code?: string }
  return [status, code]
}

describe('what is there', () => {
  it('lists tasks, and one, with card, pointers, round and members', async () => {
    const { tasks } = await answerOf(await live.fetch('/v1/tasks'))
    expect(tasks).toEqual([
      {
        card: expect.objectContaining({ id: 'digits', numParams: 51, paused: false }),
        pointers: { head: 0, champion: null, anchor: null },
        round: null,
        numMembers: 0,
      },
    ])
    expect(await answerOf(await live.fetch('/v1/tasks/digits'))).toMatchObject({ status: 200, numMembers: 0 })
    expect(await codeOf('/v1/tasks/nope')).toEqual([404, 'unknown-task'])
  })

  it('gives versions without who took part, unless one has signed in', async () => {
    const { versions } = (await answerOf(await live.fetch('/v1/tasks/digits/versions'))) as { versions: object[] }
    expect(versions).toEqual([expect.objectContaining({ version: 0, status: 'initial', numParticipants: 0 })])
    expect(versions[0]).not.toHaveProperty('participants')
    const signedIn = await answerOf(await live.asOperator('GET', '/v1/tasks/digits/versions?limit=1'))
    expect(signedIn).toMatchObject({ versions: [{ participants: [] }] })
  })

  it('gives a version and its model as tfjs reads it, for ever; the champion only once there is one', async () => {
    const response = await live.fetch('/v1/tasks/digits/models/0')
    expect(response.headers.get('cache-control')).toContain('immutable')
    expect(response.headers.get('panal-version')).toBe('0')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    const model = (await response.json()) as { format: string; weightsManifest: [{ paths: [string] }] }
    expect(model.format).toBe('layers-model')
    // tfjs resolves the path against the model's own address.
    const weights = new URL(model.weightsManifest[0].paths[0], `${live.url}/v1/tasks/digits/models/0`)
    const bytes = await (await fetch(weights)).arrayBuffer()
    expect(bytes.byteLength).toBe(51 * 4)
    expect(weights.pathname).toBe(`/v1/blobs/${createHash('sha256').update(Buffer.from(bytes)).digest('hex')}`)
    expect(await codeOf('/v1/tasks/digits/models/champion')).toEqual([404, 'no-champion'])
    expect(await codeOf('/v1/tasks/digits/models/9')).toEqual([404, 'unknown-version'])
    const etag = response.headers.get('etag')!
    const again = await live.fetch('/v1/tasks/digits/models/0', { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
  })

  it('answers /healthz, /readyz, /metrics and /docs, and lists every route of the API', async () => {
    expect(await answerOf(await live.fetch('/healthz'))).toEqual({ status: 200, ok: true })
    expect(await answerOf(await live.fetch('/readyz'))).toEqual({ status: 200, ok: true })
    expect(await (await live.asOperator('GET', '/metrics')).text()).toContain('panal_members{task="digits"} 0')
    const { paths } = (await answerOf(await live.fetch('/docs/json'))) as { paths: Record<string, object> }
    expect(Object.keys(paths).sort()).toEqual([
      '/healthz',
      '/readyz',
      '/v1/account',
      '/v1/account/password',
      '/v1/account/sessions',
      '/v1/account/sessions/{id}',
      '/v1/audit/entries',
      '/v1/audit/verify',
      '/v1/blobs/{sha256}',
      '/v1/datasets',
      '/v1/devices',
      '/v1/devices/challenge',
      '/v1/devices/{deviceId}/quarantine',
      '/v1/devices/{deviceId}/release',
      '/v1/devices/{deviceId}/revoke',
      '/v1/keys',
      '/v1/keys/rotate',
      '/v1/links',
      '/v1/people',
      '/v1/people/{name}/disable',
      '/v1/people/{name}/enable',
      '/v1/people/{name}/role',
      '/v1/schemas/gate-report',
      '/v1/schemas/task',
      '/v1/session',
      '/v1/sign-in',
      '/v1/tasks',
      '/v1/tasks/{taskId}',
      '/v1/tasks/{taskId}/invitations',
      '/v1/tasks/{taskId}/models/champion',
      '/v1/tasks/{taskId}/models/{version}',
      '/v1/tasks/{taskId}/moves',
      '/v1/tasks/{taskId}/pause',
      '/v1/tasks/{taskId}/promote',
      '/v1/tasks/{taskId}/requests',
      '/v1/tasks/{taskId}/requests/{request}/approve',
      '/v1/tasks/{taskId}/requests/{request}/refuse',
      '/v1/tasks/{taskId}/resume',
      '/v1/tasks/{taskId}/roll-back',
      '/v1/tasks/{taskId}/rounds',
      '/v1/tasks/{taskId}/rounds/{roundNumber}/inspection',
      '/v1/tasks/{taskId}/rounds/{roundNumber}/replay',
      '/v1/tasks/{taskId}/rounds/{roundNumber}/updates/{sha256}',
      '/v1/tasks/{taskId}/sets',
      '/v1/tasks/{taskId}/versions',
      '/v1/tasks/{taskId}/versions/{version}',
      '/v1/tasks/{taskId}/versions/{version}/judge',
      '/v1/tasks/{taskId}/versions/{version}/judgements',
      '/v1/tasks/{taskId}/versions/{version}/report.html',
      '/v1/tasks/{taskId}/versions/{version}/report.json',
      '/v1/tasks/{taskId}/versions/{version}/samples',
      '/v1/tokens',
      '/v1/tokens/{id}',
    ])
    expect((await live.fetch('/docs/')).status).toBe(200)
  })
})

it('serves the schema of a task document, as a JSON schema that other programs can use', async () => {
  const schema = (await (await live.fetch('/v1/schemas/task')).json()) as TSchema
  // Ajv in strict mode: a schema that it does not understand whole does not compile
  const holds = validatorCompiler({ schema, method: 'POST', url: '/v1/tasks', httpPart: 'body' })
  expect(holds(document)).toBe(true)
  const { strategy } = document
  expect(holds({ ...document, strategy: { ...strategy, checks: [{ name: 'max-norm', maxNorm: 1 }] } })).toBe(true)
  expect(holds({ ...document, strategy: { ...strategy, checks: [{ name: 'max-norm', maxNorm: 0 }] } })).toBe(false)
})

it('serves the schema of a gate report, as panal evaluate --schema prints it', async () => {
  expect(await (await live.fetch('/v1/schemas/gate-report')).json()).toEqual(
    JSON.parse(JSON.stringify(GateReportSchema)),
  )
})

describe('blobs', () => {
  let sample: string
  let bytes: Uint8Array
  beforeAll(async () => {
    bytes = randomImages(document, 5, 99)
    sample = await addDataset(live, bytes, 'sample')
  })

  it('serves public ones whole, for ever, to any site', async () => {
    const response = await live.fetch(`/v1/blobs/${sample}`)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
    const headers = ['content-type', 'content-length', 'accept-ranges', 'etag', 'access-control-allow-origin']
    expect(headers.map((name) => response.headers.get(name))).toEqual([
      'application/octet-stream',
      String(bytes.length),
      'bytes',
      `"${sample}"`,
      '*',
    ])
    expect(response.headers.get('cache-control')).toContain('immutable')
  })

  it('serves a part as 206, and 416 past the end', async () => {
    const get = (range: string, more = {}) => live.fetch(`/v1/blobs/${sample}`, { headers: { range, ...more } })
    const part = await get('bytes=10-19')
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.length}`])
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(10, 20))
    const tail = await get('bytes=20-')
    expect(new Uint8Array(await tail.arrayBuffer())).toEqual(bytes.slice(20))
    const past = await get(`bytes=${bytes.length}-`)
    expect([past.status, past.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`])
    const changed = await get('bytes=10-19', { 'if-range': '"another"' })
    expect([changed.status, (await changed.arrayBuffer()).byteLength]).toEqual([200, bytes.length])
  })

  it('answers HEAD with the length and no body, and 304 to who has it', async () => {
    const head = await live.fetch(`/v1/blobs/${sample}`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)])
    const known = await live.fetch(`/v1/blobs/${sample}`, { headers: { 'if-none-match': `"${sample}"` } })
    expect(known.status).toBe(304)
  })

  it('never serves a private dataset, to nobody', async () => {
    for (const sha256 of Object.values(document.sets)) {
      expect(await codeOf(`/v1/blobs/${sha256}`)).toEqual([404, 'not-found'])
      expect((await live.asOperator('GET', `/v1/blobs/${sha256}`)).status).toBe(404)
    }
  })

  it('says 404 for an unknown digest and 400 for what is none', async () => {
    expect(await codeOf(`/v1/blobs/${'0'.repeat(64)}`)).toEqual([404, 'not-found'])
    for (const name of ['x', '..%2f..%2fetc%2fpasswd', 'A'.repeat(64), '0'.repeat(65)])
      expect(await codeOf(`/v1/blobs/${name}`)).toEqual([400, 'bad-request'])
  })
})

describe('pointers', () => {
  it('move with a reason only, to what is there, and the moves are listed', async () => {
    const promote = (body: unknown) => live.asOperator('POST', '/v1/tasks/digits/promote', body)
    expect(await answerOf(await promote({ version: 0 }))).toMatchObject({ code: 'bad-request' })
    expect(await answerOf(await promote({ version: 0, reason: ' ' }))).toMatchObject({ code: 'bad-request' })
    expect(await answerOf(await promote({ version: 7, reason: 'x' }))).toMatchObject({
      status: 404,
      code: 'unknown-version',
    })
    expect(await answerOf(await promote({ version: 0, reason: 'to start with' }))).toMatchObject({
      status: 200,
      pointers: { champion: 0 },
    })
    const champion = await live.fetch('/v1/tasks/digits/models/champion')
    expect([champion.status, champion.headers.get('cache-control')]).toEqual([200, 'no-cache'])
    const rollBack = await live.asOperator('POST', '/v1/tasks/digits/roll-back', { reason: 'oops' })
    expect(await answerOf(rollBack)).toMatchObject({ status: 409, code: 'nothing-to-roll-back' })
    type Moves = { moves: { id: number }[] }
    const moved = { pointer: 'champion', from: null, to: 0, reason: 'to start with' }
    const all = (await answerOf(await live.asOperator('GET', '/v1/tasks/digits/moves'))) as unknown as Moves
    expect(all.moves).toMatchObject([
      { ...moved, actor: 'in-process' },
      { pointer: 'head', to: 0, actor: 'in-process' },
    ])
    // Who it was is no matter of strangers.
    const shown = (await answerOf(await live.fetch('/v1/tasks/digits/moves?limit=1'))) as unknown as Moves
    expect(shown.moves).toMatchObject([{ ...moved, actor: null }])
    const older = await answerOf(await live.fetch(`/v1/tasks/digits/moves?before=${shown.moves[0]!.id}`))
    expect(older).toMatchObject({ moves: [{ pointer: 'head', actor: null }] })
    expect(await codeOf('/v1/tasks/digits/moves?limit=1001')).toEqual([400, 'bad-request'])
  })
})

describe('what browsers are told', () => {
  it('no inline script, no foreign source, isolation, on every page and on refusals', async () => {
    for (const path of ['/', '/contribute', '/v1/tasks', '/v1/nope']) {
      const { headers } = await live.fetch(path)
      const policy = headers.get('content-security-policy')!
      expect(policy).toContain("default-src 'self'")
      expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';")
      expect(policy).toContain(`connect-src 'self' ws://${new URL(live.url).host}`)
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
      expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('permissions-policy')).toContain('camera=()')
    }
  })

  it('a person at a wrong address gets the page, a program the code', async () => {
    const asPerson = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } }
    const page = await live.fetch('/contibute/digits', asPerson)
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
    expect(await page.text()).toContain('<div id="root">')
    for (const [path, init] of [
      ['/contibute/digits', {}],
      ['/assets/gone.js', asPerson],
      ['/v1/nope', asPerson],
    ] as const)
      expect(await answerOf(await live.fetch(path, init))).toMatchObject({ status: 404, code: 'not-found' })
  })

  it('a Host header cannot add to the policy', async () => {
    const text = await rawRequest(
      live.url,
      'GET /healthz HTTP/1.1\r\nhost: x; script-src *\r\nconnection: close\r\n\r\n',
    )
    expect(text).toContain("connect-src 'self' 'self';")
  })
})
