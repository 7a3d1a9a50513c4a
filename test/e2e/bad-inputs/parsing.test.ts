import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import { numHealthy, useHealthyDevices } from '../../fixtures/healthy-devices.ts'
import {
  openRound,
  credentialOf,
  putUpdate,
  sha256,
  updateHeaders,
  updateOf,
  updatePath,
  type OpenRound,
  type RawDevice,
} from '../../fixtures/raw-device.ts'
import { answerOf, headOf, rawRequest, statusesOf, verdictOf } from '../../fixtures/raw-http.ts'

const live = useLiveServer({ requestTimeoutMs: 500, uploadIdleMs: 1000, signInsPerMinute: 10_000 })
const healthy = useHealthyDevices(live)
const bytes = updateOf(51)
let round: OpenRound
let device: RawDevice

beforeAll(async () => {
  await createTask(live)
  round = await openRound(live, 'hostile', { numDevices: 1 })
  device = round.devices[0]!
}, 60_000)
afterAll(() => round.close())

const badRequest = [400, 'bad-request']
const json = { 'content-type': 'application/json' }
/** Signing in is open to anybody, so its body is what everybody can reach. */
const post = (body: string | Uint8Array, headers: Record<string, string> = json) =>
  verdictOf(live.fetch('/v1/session', { method: 'POST', headers, body: body as string }))
const update = (changes: Parameters<typeof putUpdate>[3] | object = {}) =>
  verdictOf(putUpdate(live, device, round.offer, { bytes, ...changes }))
const createDocument = (body: string) =>
  verdictOf(
    live.fetch('/v1/tasks', {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${live.operatorToken}` },
      body,
    }),
  )
/** What one connection brings for these bytes; the last answer closes it. */
const raw = async (head: string, body: string | Uint8Array = '', end = false) =>
  statusesOf(await rawRequest(live.url, Buffer.concat([Buffer.from(head), Buffer.from(body)]), end))
const rawPost = (headers: Record<string, string>, body: string | Uint8Array, end = false) =>
  raw(headOf('POST /v1/session', { host: 'x', connection: 'close', ...headers }), body, end)

describe('keys and nesting', () => {
  const poisons = [
    '{"link":"x","__proto__":{"polluted":1}}',
    '{"link":"x","\\u005f_proto__":{"polluted":1}}',
    '{"link":"x","constructor":{"prototype":{"polluted":1}}}',
    '{"link":{"__proto__":{"polluted":1}}}',
    '{"__proto__":null,"link":"x"}',
    '[{"constructor":{"prototype":{"polluted":1}}}]',
  ]

  it.each(poisons)('[F23] the keys of %s [400]', async (body) => {
    expect(await post(body)).toEqual(badRequest)
    expect(await createDocument(body)).toEqual(badRequest)
    expect({}).not.toHaveProperty('polluted')
  })

  it.each(['"__proto__":{"polluted":1}', '"constructor":{"prototype":{"polluted":1}}'])(
    '[F23] the key %s in Panal-Update [400]',
    async (key) => {
      const good = JSON.stringify({ codec: 'f32', bytes: 204, baseVersion: 0, numExamples: 10, numSteps: 5 })
      expect(await update({ header: good.replace('}', `,${key}}`) })).toEqual([400, 'bad-update-header'])
    },
  )

  const nested = (depth: number, [open, close]: readonly [string, string]) => open.repeat(depth) + close.repeat(depth)
  const lists = ['[', ']'] as const
  const objects = ['{"a":', '1}'] as const

  it.each([
    ['lists', `{"link":${nested(5000, lists)}}`],
    ['objects', nested(5000, objects).replace(/1(}1)+/, (ends) => `1${'}'.repeat(ends.length / 2 + 1)}`)],
    ['lists that never end', '['.repeat(5000)],
  ])('[F24] 5,000-deep %s [400]', async (_, body) => {
    expect(await post(body)).toEqual(badRequest)
    expect(await createDocument(body)).toEqual(badRequest)
  })

  it('[F24] 5,000-deep and 2,000,000-deep nesting where a document may hold anything [400]', async () => {
    for (const depth of [5000, 2e6])
      expect(await createDocument(`{"model":{"topology":${nested(depth, lists)}}}`)).toEqual(badRequest)
    // Brackets in a string nest nothing: this is read, and its errors are named.
    const text = JSON.stringify({ title: '['.repeat(5000) })
    expect(await createDocument(text)).toEqual([400, 'invalid-task'])
  })

  it('[F24] a header as deep as a header can be [400]', async () => {
    const header = `{"codec":${nested(2000, lists)}}`
    expect(await update({ header })).toEqual([400, 'bad-update-header'])
  })
})

describe('strings', () => {
  it('[F25] 1 MB of one string [413], with its length declared or not', async () => {
    const body = JSON.stringify({ link: 'x'.repeat(1e6) })
    expect(await post(body)).toEqual([413, 'too-large'])
    const chunked = await live.fetch('/v1/session', {
      method: 'POST',
      headers: json,
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit)
    expect(await verdictOf(chunked)).toEqual([413, 'too-large'])
    expect(await createDocument(JSON.stringify({ title: 'x'.repeat(5e6) }))).toEqual([413, 'too-large'])
  })

  it('[F25] 1 MB of header or address is cut at 16 KiB [431]', async () => {
    const long = 'x'.repeat(1e6)
    for (const head of [
      headOf('GET /healthz', { host: 'x', 'panal-update': long }),
      headOf(`GET /v1/${long}`, { host: 'x' }),
    ])
      expect(await raw(head)).toEqual({ statuses: [431], codes: ['bad-request'] })
  })

  it.each([
    ['a lone continuation byte', Uint8Array.of(0x80)],
    ['an overlong slash', Uint8Array.of(0xc0, 0xaf)],
    ['a surrogate', Uint8Array.of(0xed, 0xa0, 0x80)],
    ['the start of a character', Uint8Array.of(0xe2, 0x82)],
    ['Latin-1', Uint8Array.of(0xe9)],
  ])('[F26] %s where UTF-8 belongs [400]', async (_, wrong) => {
    const body = Buffer.concat([Buffer.from('{"link":"'), wrong, Buffer.from('"}')])
    expect(await post(body)).toEqual(badRequest)
    // Without a declared length, nothing but the text itself can tell.
    const size = body.length.toString(16)
    const chunks = Buffer.concat([Buffer.from(`${size}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
    expect(await rawPost({ ...json, 'transfer-encoding': 'chunked' }, chunks)).toEqual({
      statuses: [400],
      codes: ['bad-request'],
    })
  })

  const badIds = ['a%00b', '%00', '..%2f..%2fetc', '..%2F..%2Fetc%2fpasswd', '%252e%252e', 'a%0d%0ab', 'é', 'A', '-']

  it.each([...badIds, 'a'.repeat(300), 'a'.repeat(8000)])(
    '[F26] [F27] the id %.20s in an address [400]',
    async (id) => {
      for (const path of [
        `/v1/tasks/${id}`,
        `/v1/tasks/${id}/rounds`,
        `/v1/tasks/${id}/models/0`,
        `/v1/tasks/digits/models/${id}`,
        `/v1/blobs/${id}`,
      ])
        expect(await verdictOf(live.fetch(path))).toEqual(badRequest)
      // A proof names its address, and no header holds it twice.
      if (id.length > 1000) return
      const target = `/v1/tasks/${id}/rounds/1/updates/${sha256(bytes)}`
      const { pathname } = new URL(target, live.url)
      const headers = {
        ...(await updateHeaders(live, device, round.offer, { bytes })),
        ...(await credentialOf(live, device, ['PUT', pathname])),
      }
      expect(
        await verdictOf(live.fetch(target, { method: 'PUT', headers, body: bytes as Uint8Array<ArrayBuffer> })),
      ).toEqual(badRequest)
    },
  )

  it.each(['%2e%2e', '%ff', '%zz', '%', '../../etc', '..'])(
    '[F26] [F27] the id %s, sent as it is, reaches nothing [400 or 404]',
    async (id) => {
      for (const path of [`/v1/tasks/${id}`, `/v1/blobs/${id}`, `/assets/${id}/passwd`, `/${id}/${id}/etc/passwd`]) {
        const { statuses, codes } = await raw(headOf(`GET ${path}`, { host: 'x', connection: 'close' }))
        expect([path, ['bad-request', 'not-found', 'forbidden']]).toEqual([path, expect.arrayContaining(codes)])
        expect(codes).toHaveLength(1)
        expect([400, 403, 404]).toContain(statuses[0])
      }
    },
  )
})

describe('content types', () => {
  const isJson = ['APPLICATION/JSON', 'application/json; charset=utf-8', 'application/json ;charset=UTF-8']
  const isNot = ['application/jsonp', 'text/plain', 'text/json', 'application/x-www-form-urlencoded', 'json', ',', ';']
  const tabbed = ['application/json\t', 'application/json\t; charset=utf-8', 'application/json;\tcharset=utf-8']

  it.each([...isJson, ...tabbed, ...isNot, 'application/json, text/plain', 'application/json x', ''])(
    '[F28] Content-Type %j: validated or 415, never past validation',
    async (type) => {
      const body = '{"link":5}'
      const { statuses, codes } = await rawPost({ 'content-type': type, 'content-length': String(body.length) }, body)
      expect([...statuses, ...codes]).toEqual(
        [...isJson, ...tabbed].includes(type) ? badRequest : [415, 'unsupported-media-type'],
      )
    },
  )

  it('[F28] a missing Content-Type [415], of known length and of unknown', async () => {
    expect(await rawPost({ 'content-length': '10' }, '{"link":5}')).toMatchObject({ statuses: [415] })
    expect(await rawPost({ 'transfer-encoding': 'chunked' }, 'a\r\n{"link":5}\r\n0\r\n\r\n')).toMatchObject({
      statuses: [415],
    })
  })

  it.each([undefined, '', 'application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/octet'])(
    '[F28] an update of content type %j [415]',
    async (type) => {
      expect(await update({ headers: { 'content-type': type } })).toEqual([415, 'unsupported-media-type'])
    },
  )
})

describe('compression', () => {
  const zeros = Buffer.alloc(1e8)
  const bombs = { br: brotliCompressSync(zeros), gzip: gzipSync(zeros), deflate: deflateSync(zeros) }

  it.each(Object.entries(bombs))('[F29] a bomb in %s [415]: nothing is ever inflated', async (encoding, bomb) => {
    expect(bomb.length).toBeLessThan(2e5)
    const headers = { 'content-encoding': encoding }
    expect(await post(bomb, { ...json, ...headers })).toEqual([415, 'unsupported-encoding'])
    expect(await update({ bytes: bomb, headers })).toEqual([415, 'unsupported-encoding'])
    const dataset = live.fetch('/v1/datasets', {
      method: 'PUT',
      headers: {
        ...headers,
        authorization: `Bearer ${live.operatorToken}`,
        'content-type': 'application/octet-stream',
      },
      body: bomb as Uint8Array<ArrayBuffer>,
    })
    expect(await verdictOf(dataset)).toEqual([415, 'unsupported-encoding'])
  })

  it('[F29] Content-Encoding identity, and a compressed Transfer-Encoding [415 or 400]', async () => {
    expect(await update({ headers: { 'content-encoding': 'identity' } })).toEqual([415, 'unsupported-encoding'])
    for (const coding of ['gzip', 'gzip, chunked', 'chunked, gzip'])
      expect((await rawPost({ ...json, 'transfer-encoding': coding }, bombs.gzip)).statuses).toEqual([400])
  })
})

describe('lengths', () => {
  const put = async (length: string | undefined, body: Uint8Array, end = false) => {
    const proven = await updateHeaders(live, device, round.offer, { bytes, origin: 'http://x' })
    const headers = { ...proven, connection: 'close' }
    const declared = length === undefined ? {} : { 'content-length': length }
    return raw(
      headOf(`PUT ${updatePath(round.offer, sha256(bytes))}`, { host: 'x', ...headers, ...declared }),
      body,
      end,
    )
  }

  it('[F30] a Content-Length over what comes, and then nothing [408]', async () => {
    expect(await rawPost({ ...json, 'content-length': '20' }, '{')).toEqual({ statuses: [408], codes: ['too-slow'] })
    // An upload that stalls is cut without a word, and may be resumed.
    expect(await put('204', bytes.subarray(0, 100))).toEqual({ statuses: [], codes: [] })
  })

  it('[F30] a Content-Length over what comes before the client hangs up [400 or cut]', async () => {
    for (const { statuses } of [
      await rawPost({ ...json, 'content-length': '20' }, '{', true),
      await put('204', bytes.subarray(0, 100), true),
    ])
      expect([[], [400]]).toContainEqual(statuses)
  })

  it('[F30] a Content-Length under what comes: the rest is no request [400]', async () => {
    const good = headOf('GET /healthz', { host: 'x', 'content-length': '4' })
    expect((await raw(good, 'bodyGARBAGE\r\n\r\n')).statuses).toEqual([200, 400])
  })

  it.each(['-1', '1e3', '0x10', '10, 10', '9'.repeat(30), 'ten', '+10'])(
    '[F30] Content-Length %s [400]',
    async (length) => {
      expect((await rawPost({ ...json, 'content-length': length }, '{"link":5}')).statuses).toEqual([400])
    },
  )

  it('[F30] two lengths, or a length and chunks [400]', async () => {
    const twice = 'POST /v1/session HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\ncontent-length: 9\r\n\r\n{"link":5}'
    expect((await raw(twice)).statuses).toEqual([400])
    const both = { ...json, 'content-length': '10', 'transfer-encoding': 'chunked' }
    expect((await rawPost(both, 'a\r\n{"link":5}\r\n0\r\n\r\n')).statuses).toEqual([400])
  })

  it('[F30] an update whose Content-Length is not what it says of itself, or missing [400]', async () => {
    expect(await update({ header: { bytes: bytes.length + 4 } })).toEqual([400, 'length-mismatch'])
    expect(await update({ header: { bytes: bytes.length - 4 } })).toEqual([400, 'length-mismatch'])
    expect(await put(undefined, new Uint8Array())).toEqual({ statuses: [400], codes: ['length-mismatch'] })
  })
})

describe('documents and queries', () => {
  it('wrong types, missing and unknown keys are bad-request, each named by its path', async () => {
    for (const body of ['', '{', '[]', 'null', '{"link":5}', '{"link":null}', '{}', '{"link":"x","more":1}'])
      expect([body, ...(await post(body))]).toEqual([body, ...badRequest])
    const answer = await live.fetch('/v1/session', { method: 'POST', headers: json, body: '{"link":5,"more":1}' })
    expect((await answerOf(answer))['errors']).toEqual(
      expect.arrayContaining([
        { path: '/link', message: 'must be string' },
        { path: '/more', message: 'is not known here' },
      ]),
    )
  })

  it('a task document gets every error with its path', async () => {
    const { cohort: _cohort, ...rest } = await createTask(live, { id: 'model-document' })
    const plan = { ...rest.plan, epochs: '5', learningRate: -1 }
    const document = { ...rest, id: 'Bad Id', plan, odd: true }
    const { status, code, errors } = await answerOf(await live.asOperator('POST', '/v1/tasks', document))
    expect([status, code]).toEqual([400, 'invalid-task'])
    expect((errors as { path: string }[]).map(({ path }) => path).sort()).toEqual(
      ['/cohort', '/id', '/odd', '/plan/epochs', '/plan/learningRate'].sort(),
    )
  })

  it('a query is validated too, and an unknown address is 404', async () => {
    for (const query of ['limit=0', 'limit=ten', 'limit=1.5', 'odd=1', 'limit=1&limit=2', '__proto__=1'])
      expect([query, ...(await verdictOf(live.fetch(`/v1/tasks/digits/rounds?${query}`)))]).toEqual([
        query,
        ...badRequest,
      ])
    expect(await verdictOf(live.fetch('/v1/nope'))).toEqual([404, 'not-found'])
    expect(await raw('GARBAGE\r\n\r\n')).toEqual({ statuses: [400], codes: ['bad-request'] })
  })
})

it('meanwhile the healthy devices finish whole rounds, and the device that all of it came from may still give its update', async () => {
  expect(await healthy.wholeRound()).toMatchObject({ numAccepted: numHealthy, numRejected: 0, numDropped: 0 })
  expect(healthy.troubles).toEqual([])
  expect(await update()).toEqual([200, undefined])
  expect(await answerOf(await live.fetch('/readyz'))).toEqual({ status: 200, ok: true })
}, 30_000)
