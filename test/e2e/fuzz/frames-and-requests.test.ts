import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { errorCodes, protocolVersion, type EnrolmentChallenge, type Join } from '@panal/client-core'
import fc from 'fast-check'
import { WebSocket } from 'ws'
import { startServerProcess, type ServerProcess } from '../../bench/server-process.ts'
import { hostileFrames, type Frame } from '../../fixtures/fuzz-frames.ts'
import { hostileRequests, type HostileRequest } from '../../fixtures/fuzz-requests.ts'
import { fuzzSeed, inputs, share, timeoutMs } from '../../fixtures/fuzz.ts'
import { numHealthy, useHealthyDevices } from '../../fixtures/healthy-devices.ts'
import { callsTo, createTask, type LiveServer } from '../../fixtures/live-server.ts'
import { dpopFor, joinProof, openRound, type OpenRound, type TestDevice } from '../../fixtures/raw-device.ts'
import { answerOf, headOf, rawRequest, statusesOf } from '../../fixtures/raw-http.ts'

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

/** Runs through all of them, some at once, each in a lane of which no two are used at once. */
const forEach = async <T>(items: Iterable<T>, work: (item: T, lane: number) => Promise<void>): Promise<void> => {
  const rest = items[Symbol.iterator]()
  const worker = async (lane: number) => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value, lane)
  }
  await Promise.all(Array.from({ length: numAtOnce }, (_, lane) => worker(lane)))
}

// ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What became of the connections and requests: a run in which nothing got through would show nothing. */
const seen = { joined: 0, answered: 0, closed: 0, statuses: new Set<number>() }

/** The inputs of one connection: fewer than it may get wrong before it is closed. */
interface Conversation {
  readonly seed: number
  readonly numInputs: number
  /** Half of them join first, and say the rest as a device that the server knows. */
  readonly joins: boolean
  /** Half of each only say what is nearly right, and so get to the end. */
  readonly isCalm: boolean
}
const perConversation = 10

function* conversations(fraction: number): Generator<Conversation> {
  const numInputs = share(fraction)
  for (let begun = 0; begun < numInputs; begun += perConversation)
    yield {
      seed: fuzzSeed + begun,
      numInputs: Math.min(perConversation, numInputs - begun),
      joins: (begun / perConversation) % 2 === 0,
      isCalm: (begun / perConversation) % 4 < 2,
    }
}

/** A join that the device signed for the connection that has this challenge. */
const joinOf = async (device: TestDevice, challenge: string): Promise<Join> => {
  const join = { taskId: 'digits', deviceId: device.deviceId, protocolVersion }
  const proof = await joinProof(device, join, { nonce: challenge, origin: live.url })
  return { ...join, proof, numExamples: 5, conditions: { charging: true, unmetered: true, idle: false } }
}

const probe = '42999["watch",{"taskId":"digits"}]'

/** One connection: the handshake, some inputs, a good message. It must be answered, or the connection closed. */
const converse = ({ seed, numInputs, joins, isCalm }: Conversation, device: TestDevice): Promise<void> => {
  let sent: Frame[][] = []
  const conversation = new Promise<void>((resolve, reject) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
    const onConnect = async (challenge: string) => {
      const join = await joinOf(device, challenge)
      const { nearMisses, anything } = hostileFrames(join)
      sent = fc.sample(isCalm ? nearMisses : anything, { numRuns: numInputs, seed })
      if (joins) socket.send(`42998["join",${JSON.stringify(join)}]`)
      else sendInputs()
    }
    const sendInputs = () => [...sent.flat(), probe].forEach((frame) => socket.send(frame))
    socket.on('message', (data) => {
      const text = (data as Buffer).toString()
      if (text.startsWith('0')) socket.send('40')
      else if (text.startsWith('40'))
        onConnect((JSON.parse(text.slice(2)) as { sid: string }).sid).catch((error: unknown) => reject(error as Error))
      else if (text.startsWith('43998[{"ok":true')) {
        seen.joined++
        sendInputs()
      }
      if (text.includes('"internal"') || text.startsWith('43998[{"ok":false'))
        reject(new Error(`${text} after ${JSON.stringify(sent)}`))
      if (text !== '43999[{"ok":true}]') return
      seen.answered++
      socket.close()
    })
    socket.on('close', () => {
      seen.closed++
      resolve()
    })
    socket.on('error', (error) => (/ECONNREFUSED/.test(String(error)) ? reject(error) : undefined))
  })
  return inTime(conversation, () => JSON.stringify(sent))
}

// ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────────

const paths = [
  '/v1/tasks',
  '/v1/tasks/digits',
  '/v1/tasks/digits/rounds?limit=5&before=3',
  '/v1/tasks/digits/versions/0',
  '/v1/tasks/digits/models/champion',
  '/v1/tasks/digits/invitations',
  `/v1/blobs/${'0'.repeat(64)}`,
  `/v1/tasks/digits/rounds/1/updates/${'0'.repeat(64)}`,
  '/v1/session',
  '/v1/devices',
  '/v1/devices/challenge',
  '/v1/datasets?kind=sample',
  '/v1/keys',
  '/v1/tokens',
  '/assets/index.js',
  '/docs/json',
  '/socket.io/?EIO=4&transport=websocket',
]

/** Proofs made with one nonce of the server's: it is good for minutes, whatever the proofs. */
const perNonce = 100
const nonces = { left: 0, nonce: '' }

async function freshNonce(): Promise<string> {
  if (nonces.left-- === 0) {
    const answer = (await (await live.fetch('/v1/devices/challenge')).json()) as EnrolmentChallenge
    Object.assign(nonces, { left: perNonce, nonce: answer.proofNonce })
  }
  return nonces.nonce
}

/** On the wire, with the credentials of whom it is made for. */
async function bytesOf({ method, path, headers, body, as }: HostileRequest, { devices }: OpenRound): Promise<Buffer> {
  const credential =
    typeof as === 'number'
      ? { dpop: await dpopFor(live, devices[as]!, [method, path], { nonce: await freshNonce() }) }
      : as === 'operator'
        ? { authorization: `Bearer ${server.token}` }
        : {}
  // The last of a name counts here, so that most requests get past Node's own parser.
  const own = { host: new URL(live.url).host, connection: 'close' }
  const all = { ...own, ...credential, ...Object.fromEntries(headers) }
  return Buffer.concat([Buffer.from(headOf(`${method} ${path}`, all), 'utf8'), body])
}

const known = new Set(Object.keys(errorCodes))

/** One connection of its own. Every answer is one of ours, and none a failure. */
const ask = async (request: HostileRequest | Buffer, round: OpenRound): Promise<void> => {
  const bytes = Buffer.isBuffer(request) ? request : await bytesOf(request, round)
  const said = () => JSON.stringify(bytes.toString('latin1'))
  const received = await inTime(
    rawRequest(server.url, bytes, Buffer.isBuffer(request) || request.hangsUp).catch((error: unknown) => {
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
  let devices: TestDevice[]
  let round: OpenRound
  let before: { readonly task: unknown; readonly bytes: number }
  beforeAll(async () => {
    devices = await Promise.all(Array.from({ length: numAtOnce }, () => live.enrol('digits')))
    round = await openRound(live, 'updates', { numDevices: 40 })
    // A first part that does not count: what the process grows by to serve anything at all.
    await forEach(conversations(0.02), (each, lane) => converse(each, devices[lane]!))
    before = { task: await standing(), bytes: await server.residentBytes() }
  }, timeoutMs)
  afterAll(() => round.close())

  /** What no input may change. That devices join, and rounds are opened for them, is as it should be. */
  const standing = async () => {
    const { status, card, pointers } = await answerOf(await live.fetch('/v1/tasks/digits'))
    return { status, card, pointers }
  }

  it(
    'frames: each connection is answered or closed',
    async () => {
      Object.assign(seen, { joined: 0, answered: 0, closed: 0 })
      const all = [...conversations(0.5)]
      await forEach(all, (each, lane) => converse(each, devices[lane]!))
      expect(all.reduce((sum, { numInputs }) => sum + numInputs, 0)).toBe(share(0.5))
      expect(seen.joined).toBe(all.filter(({ joins }) => joins).length)
      expect(seen.closed).toBe(all.length)
      expect(seen.answered).toBeGreaterThanOrEqual(all.filter(({ isCalm }) => isCalm).length)
      expect(seen.answered).toBeLessThan(all.length)
    },
    timeoutMs,
  )

  it(
    'requests: each is answered or cut, and none fails inside',
    async () => {
      await forEach(inputs(hostileRequests(paths, round), 0.2), (each) => ask(each, round))
      for (const status of [200, 400, 401, 404, 409, 415, 422]) expect(seen.statuses).toContain(status)
    },
    timeoutMs,
  )

  it('meanwhile whole rounds are finished, nothing that was there has changed, and memory is bounded', async () => {
    expect(await healthy.wholeRound()).toMatchObject({ numAccepted: numHealthy, numRejected: 0, numDropped: 0 })
    expect(healthy.troubles).toEqual([])
    expect(await standing()).toEqual(before.task)
    expect(await answerOf(await live.fetch('/readyz'))).toEqual({ status: 200, ok: true })
    expect((await server.residentBytes()) - before.bytes).toBeLessThan(maxGrowthBytes)
  }, 60_000)
})
