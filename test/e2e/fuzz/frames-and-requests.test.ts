import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { errorCodes } from '@panal/client-core'
import fc, { type Arbitrary } from 'fast-check'
import { WebSocket } from 'ws'
import { startServerProcess, type ServerProcess } from '../../bench/server-process.ts'
import { damagedText, hostileValue, inputs, nearly, nearlyJson, numFrames, share, toJson } from '../../fixtures/fuzz.ts'
import { numHealthy, useHealthyDevices } from '../../fixtures/healthy-devices.ts'
import { callsTo, createTask, type LiveServer } from '../../fixtures/live-server.ts'
import { heartbeat, sha256, updateOf } from '../../fixtures/raw-device.ts'
import { answerOf, rawRequest, statusesOf } from '../../fixtures/raw-http.ts'
import { digitsLike } from '../../fixtures/task-document.ts'

/** A server in a process of its own: that it lives, and what memory it takes, can be seen from outside. */
const live = {} as LiveServer
let server: ServerProcess
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-fuzz-'))
  const settings = {
    'request-timeout-ms': 1000,
    'upload-idle-ms': 1000,
    'sign-ins-per-minute': 1_000_000,
    'enrolments-per-minute': 1_000_000,
    'network-requests-per-minute': 100_000_000,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  server = await startServerProcess(join(folder, 'data'), { settings: flags })
  Object.assign(live, callsTo({ url: server.url, operatorToken: server.token }))
  await createTask(live)
}, 60_000)
const healthy = useHealthyDevices(live)
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
}, 30_000)

/** The longest that anything may take to be answered or cut before it counts as a hang. */
const patienceMs = 20_000
/** Longest a share of the inputs may take, for the runner. */
const timeoutMs = Math.max(60_000, numFrames * 5)
/** Generous: what a few thousand broken connections leave behind, not what one of them could claim. */
const maxGrowthBytes = 256 * 2 ** 20
const numAtOnce = 8

const inTime = <T>(work: Promise<T>, what: () => string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms to ${what()}`)), patienceMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Runs through all of them, some at once. */
const forEach = async <T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> => {
  const rest = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: numAtOnce }, worker))
}

/** Ten at a time: fewer than a connection may get wrong before it is closed. */
function* groups<T>(items: Iterable<T>): Generator<T[]> {
  let group: T[] = []
  for (const item of items) {
    group.push(item)
    if (group.length < 10) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

// ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const join_ = {
  protocolVersion: 1,
  taskId: 'digits',
  deviceId: `d_${'A'.repeat(22)}`,
  deviceToken: 'T'.repeat(43),
  numExamples: 5,
  conditions: { charging: true, unmetered: true, idle: false },
}
const messages = {
  join: join_,
  heartbeat,
  decline: { roundNumber: 1, reason: 'failed' },
  leave: {},
  watch: { taskId: 'digits' },
}
type Frame = string | Buffer

const event = fc
  .constantFrom(...Object.entries(messages))
  .chain(([name, message]) => nearlyJson(message).map((payload) => `["${name}",${payload}]`))
const attachment = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
const binaryEvent = fc
  .tuple(fc.integer({ min: -2, max: 12 }), event, hostileValue, fc.array(attachment, { maxLength: 3 }))
  .map(([count, json, num, buffers]): Frame[] => [
    `45${count}-${json.replace('{', `{"bytes":{"_placeholder":true,"num":${JSON.stringify(num)}},`)}`,
    ...buffers,
  ])
const frames: Arbitrary<Frame[]> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.nat(300), event).map(([id, json]) => [`42${id}${json}`]) },
  { weight: 2, arbitrary: event.map((json) => [`42${json}`]) },
  { weight: 2, arbitrary: event.chain(damagedText).map((text) => [`421${text}`]) },
  { weight: 2, arbitrary: binaryEvent },
  { weight: 1, arbitrary: fc.array(hostileValue).map((list) => [`427${JSON.stringify(list)}`]) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(99), fc.string({ unit: 'binary' })).map(([type, text]) => [`${type}${text}`]),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }).map((text) => [text]) },
  { weight: 1, arbitrary: fc.tuple(attachment, attachment).map((each) => [...each]) },
  { weight: 1, arbitrary: fc.nat(9999).map((id) => [`43${id}[{"ok":true}]`]) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('40/x,', '41', '44{"message":"x"}', '40{"token":1}', '2', '3', '5', '6', '')
      .map((text) => [text]),
  },
)

const probe = '42999["watch",{"taskId":"digits"}]'

/** What became of the connections and requests: a run in which nothing got through would show nothing. */
const seen = { answered: 0, closed: 0, statuses: new Set<number>() }

/** One connection: the handshake, some inputs, a good message. It must be answered, or the connection closed. */
const converse = (group: readonly Frame[][]): Promise<void> =>
  inTime(
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
      socket.on('message', (data) => {
        const text = (data as Buffer).toString()
        if (text.startsWith('0')) socket.send('40')
        else if (text.startsWith('40')) for (const frame of [...group.flat(), probe]) socket.send(frame)
        if (text.includes('"internal"')) reject(new Error(`internal: ${JSON.stringify(group)}`))
        if (text !== '43999[{"ok":true}]') return
        seen.answered++
        socket.close()
      })
      socket.on('close', () => {
        seen.closed++
        resolve()
      })
      socket.on('error', (error) => (/ECONNREFUSED/.test(String(error)) ? reject(error) : undefined))
    }),
    () => JSON.stringify(group),
  )

// ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────────

const digest = sha256(updateOf(51))
const paths = [
  '/v1/tasks',
  '/v1/tasks/digits',
  '/v1/tasks/digits/rounds?limit=5&before=3',
  '/v1/tasks/digits/versions/0',
  '/v1/tasks/digits/models/champion',
  `/v1/blobs/${'0'.repeat(64)}`,
  `/v1/tasks/digits/rounds/1/updates/${digest}`,
  '/v1/session',
  '/v1/devices',
  '/v1/datasets?kind=sample',
  '/v1/tokens',
  '/assets/index.js',
  '/docs/json',
  '/socket.io/?EIO=4&transport=websocket',
]
const line = fc
  .tuple(
    fc.oneof(
      fc.constantFrom('GET', 'PUT', 'POST', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'QUERY'),
      fc.string(),
    ),
    fc.constantFrom(...paths).chain((path) => fc.oneof(fc.constant(path), fc.constant(path), damagedText(path))),
  )
  .map(([method, path]) => `${method} ${path} HTTP/1.1`)

const headerValue = fc.oneof(
  fc.constantFrom(
    'bytes 0-99/204',
    'bytes=0-5',
    'bytes=-1',
    'application/json',
    'application/octet-stream',
    'gzip',
    '*/*',
    'x'.repeat(5000),
  ),
  fc.constantFrom(
    '5',
    '0',
    '-1',
    'chunked',
    'keep-alive, upgrade',
    'websocket',
    '127.0.0.1, ::1',
    'https://evil.example',
    'null',
    '"*"',
  ),
  nearlyJson({ codec: 'f32', bytes: 204, baseVersion: 0, numExamples: 10, numSteps: 5 }),
  fc
    .tuple(fc.constantFrom('Bearer', 'DPoP', 'Basic', ''), fc.base64String())
    .map(([scheme, token]) => `${scheme} ${token}`),
  fc.tuple(fc.base64String(), fc.base64String(), fc.base64String()).map((parts) => `Bearer ${parts.join('.')}`),
  fc.string({ unit: 'binary', maxLength: 60 }),
)
const headerName = fc.constantFrom(
  'authorization',
  'panal-update',
  'content-range',
  'range',
  'if-range',
  'if-none-match',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'cookie',
  'origin',
  'x-forwarded-for',
  'x-panal-csrf',
  'dpop',
  'upgrade',
  'expect',
)
const content = fc.oneof(
  nearlyJson({ link: 'x' }),
  nearlyJson(digitsLike()),
  nearly({ version: 0, reason: 'x' }).map(toJson),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
)
const request: Arbitrary<Buffer> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        line,
        headers: fc.array(fc.tuple(headerName, headerValue), { maxLength: 5 }),
        asOperator: fc.boolean(),
        content,
        lengthOff: fc.constantFrom(0, 0, 0, 0, 1, -1, 1000),
      })
      .map((made) => {
        const body = Buffer.from(made.content, 'utf8')
        const headers = [
          ['host', 'x'],
          ['content-type', 'application/json'],
          ['content-length', String(Math.max(0, body.length + made.lengthOff))],
          ...(made.asOperator ? [['authorization', `Bearer ${server.token}`]] : []),
          ...made.headers,
        ]
        // The last of a name counts here, so that most requests get past Node's own parser.
        const head = [...new Map(headers as [string, string][])].map(([name, value]) => `${name}: ${value}`)
        return Buffer.concat([Buffer.from([made.line, ...head, '', ''].join('\r\n'), 'utf8'), body])
      }),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)) },
)

const known = new Set(Object.keys(errorCodes))

/** One connection of its own, of which the client's half ends with the request. Every answer is one of ours, and none a failure. */
const ask = async (bytes: Buffer): Promise<void> => {
  const said = () => JSON.stringify(bytes.toString('latin1'))
  const received = await inTime(
    rawRequest(server.url, bytes, true).catch((error: unknown) => {
      // Cut while it still sent: that is an answer, too.
      if (/ECONNRESET|EPIPE/.test(String(error))) return ''
      throw error
    }),
    said,
  )
  const { statuses, codes } = statusesOf(received)
  statuses.forEach((status) => seen.statuses.add(status))
  const failures = statuses.filter((status) => status >= 500 && status !== 503)
  if (failures.length > 0 || codes.some((code) => !known.has(code)))
    throw new Error(`${received.slice(0, 300)} to ${said()}`)
}

describe('a server under any input at all', () => {
  let before: { readonly task: unknown; readonly bytes: number }
  beforeAll(async () => {
    // A first part that does not count: what the process grows by to serve anything at all.
    await forEach(inputs(frames, 0.02), (each) => converse([each]))
    before = { task: await answerOf(await live.fetch('/v1/tasks/digits')), bytes: await server.residentBytes() }
  }, timeoutMs)

  it(
    'frames: each connection is answered or closed',
    async () => {
      let sent = 0
      await forEach(groups(inputs(frames, 0.5)), (group) => {
        sent += group.length
        return converse(group)
      })
      expect(sent).toBe(share(0.5))
      expect(seen.answered).toBeGreaterThan(0)
      expect(seen.closed).toBeGreaterThan(seen.answered)
    },
    timeoutMs,
  )

  it(
    'requests: each is answered or cut, and none fails inside',
    async () => {
      await forEach(inputs(request, 0.2), ask)
      for (const status of [200, 400, 401, 404, 415]) expect(seen.statuses).toContain(status)
    },
    timeoutMs,
  )

  it('meanwhile whole rounds are finished, nothing that was there has changed, and memory is bounded', async () => {
    expect(await healthy.wholeRound()).toMatchObject({ numAccepted: numHealthy, numRejected: 0, numDropped: 0 })
    expect(healthy.troubles).toEqual([])
    expect(await answerOf(await live.fetch('/v1/tasks/digits'))).toEqual(before.task)
    expect(await answerOf(await live.fetch('/readyz'))).toEqual({ status: 200, ok: true })
    expect((await server.residentBytes()) - before.bytes).toBeLessThan(maxGrowthBytes)
  }, 60_000)
})
