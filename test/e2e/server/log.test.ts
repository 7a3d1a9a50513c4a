import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Assignment, RoundSummary } from '@panal/client-core'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import {
  ask,
  joinMessage,
  joinTask,
  next,
  openSocket,
  putUpdate,
  updateOf,
  type RawDevice,
} from '../../fixtures/raw-device.ts'
import { rawRequest } from '../../fixtures/raw-http.ts'

interface Line {
  readonly msg: string
  readonly level: number
  readonly code?: string
  readonly status?: number
  readonly round?: number
  readonly phase?: string
}

let text = ''
const live = useLiveServer({ logLevel: 'trace' }, { logTo: { write: (line) => (text += line) } })
const linesOf = (part: string): Line[] =>
  part
    .split('\n')
    .filter((each) => each !== '')
    .map((each) => JSON.parse(each) as Line)

const numParams = 51
/** In every field that a client controls. Nothing of ours has it. */
const marker = 'hOsTiLe'
/** A weight whose digits cannot be there by chance. */
const weight = 0.0123456789
let devices: RawDevice[]
let offers: Assignment[]

beforeAll(async () => {
  await createTask(live, {
    cohort: { size: 2, overSelection: 1, reportingGoal: 2, minimum: 1, deadlineMs: 600_000 },
    lease: { heartbeatMs: 60_000, leaseMs: 600_000 },
  })
  devices = await Promise.all([1, 2].map(() => joinTask(live, 'digits')))
  offers = await Promise.all(devices.map(({ assignment }) => assignment))
}, 60_000)
afterAll(() => devices.forEach(({ socket }) => socket.close()))

const hostileHeaders = {
  'user-agent': marker,
  referer: `http://${marker}.example/`,
  'x-forwarded-for': marker,
  'x-request-id': marker,
  cookie: `panal-session=${marker}`,
}

describe('the log', () => {
  it('has a line with the code for each refused request, and nothing that it said', async () => {
    const before = text.length
    const requests: [string, RequestInit][] = [
      [`/${marker}?${marker}=${marker}`, {}],
      [`/v1/tasks/${marker}`, {}],
      [`/v1/tasks/digits/rounds?${marker}=1`, {}],
      [`/v1/blobs/${marker}`, {}],
      ['/v1/tasks', { method: 'POST', headers: { authorization: `Bearer ${marker}` } }],
      [
        '/v1/session',
        { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"link":"${marker}"}` },
      ],
      ['/v1/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"${marker}":` }],
      ['/v1/session', { method: 'POST', headers: { 'content-type': `text/${marker}` }, body: marker }],
      [
        '/v1/session',
        { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"${marker}":"${marker}"}` },
      ],
    ]
    for (const [path, init] of requests) {
      const response = await live.fetch(path, {
        ...init,
        headers: { ...hostileHeaders, ...(init.headers as Record<string, string>) },
      })
      expect(response.status).toBeGreaterThanOrEqual(400)
    }
    const uploads: Parameters<typeof putUpdate>[3][] = [
      { bytes: updateOf(numParams, weight), header: marker },
      { bytes: updateOf(numParams, weight), header: { codec: marker } },
      { bytes: updateOf(numParams, weight), header: { odd: marker } },
      { bytes: updateOf(numParams, weight), headers: { 'content-encoding': marker } },
      { bytes: updateOf(numParams, weight), headers: { 'content-range': marker } },
      { bytes: updateOf(numParams, weight), headers: { dpop: `${marker}.${marker}.${marker}` } },
      { bytes: new TextEncoder().encode(marker.repeat(10)) },
    ]
    for (const upload of uploads) expect((await putUpdate(live, devices[0]!, offers[0]!, upload)).ok).toBe(false)
    const refusals = linesOf(text.slice(before)).filter(({ msg }) => msg === 'request refused')
    expect(refusals).toHaveLength(requests.length + uploads.length)
    for (const { code, status } of refusals) expect([code, status]).toEqual([expect.any(String), expect.any(Number)])
    await rawRequest(live.url, `${marker} / HTTP/1.1\r\n${marker}: x\r\n\r\n`)
    expect(text).not.toContain(marker)
  })

  it('has a line with the code for each refused message of a connection, and nothing that it said', async () => {
    const before = text.length
    const socket = openSocket(live, { 'user-agent': marker, cookie: marker })
    await next(socket, 'connect')
    const identity = devices[0]!
    const messages: [string, ...unknown[]][] = [
      [marker, {}],
      ['join', { [marker]: marker }],
      ['join', { ...joinMessage('digits', identity), taskId: marker }],
      ['watch', { taskId: marker.toLowerCase(), [marker]: 1 }],
      ['heartbeat', marker],
      ['decline', { roundNumber: 1, reason: marker }],
    ]
    for (const [name, ...args] of messages) expect(await ask(socket, name, ...args)).toMatchObject({ ok: false })
    socket.close()
    const refusals = linesOf(text.slice(before)).filter(({ msg }) => msg === 'socket message refused')
    expect(refusals.map(({ code }) => code)).toEqual(messages.map(() => 'bad-request'))

    const { hostname, port } = new URL(live.url)
    const upgrade = `GET /socket.io/?EIO=4&transport=websocket&${marker}=1 HTTP/1.1\r\nhost: x\r\norigin: http://${marker}.example\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: ${btoa('0123456789abcdef')}\r\nsec-websocket-version: 13\r\n\r\n`
    const refused = connect(Number(port), hostname, () => refused.write(upgrade))
    const closed = next(refused as never, 'close')
    refused.resume()
    await closed
    expect(linesOf(text).filter(({ msg }) => msg === 'connection refused')).toEqual([
      expect.objectContaining({ code: 'forbidden' }),
    ])
    expect(text.toLowerCase()).not.toContain(marker.toLowerCase())
  })

  it('has one line for each phase that a round enters, and no weights, tokens or links', async () => {
    const closed = new Promise<RoundSummary>((resolve) =>
      devices[0]!.socket.on('round', (round: RoundSummary) => round.phase === 'closed' && resolve(round)),
    )
    // Two of the uploads above ended the round for the first device; the second ends it for all.
    expect((await putUpdate(live, devices[1]!, offers[1]!, { bytes: updateOf(numParams, weight) })).status).toBe(200)
    await closed
    const { token } = (await (await live.asOperator('POST', '/v1/tokens', { name: 'log', role: 'viewer' })).json()) as {
      token?: string
    }
    const phases = linesOf(text).filter(({ msg, round }) => msg === 'round' && round === 1)
    expect(phases.map(({ phase }) => phase)).toEqual(['collecting', 'aggregating', 'gating', 'closed'])
    const secrets = [
      live.operatorToken,
      token,
      live.adminLink?.split('=')[1],
      'eyJ', // how every proof, JWT and JWS begins
    ]
    for (const secret of secrets) if (secret !== undefined) expect(text).not.toContain(secret)
    expect(live.adminLink).toContain('=')
    // As it was sent, as float32 makes it, and its bytes in base64.
    const bytes = updateOf(1, weight)
    for (const form of [String(weight), String(Math.fround(weight)), Buffer.from(bytes).toString('base64').slice(0, 5)])
      expect(text).not.toContain(form)
    // Nothing went wrong that nobody foresaw.
    expect(linesOf(text).filter(({ level }) => level >= 50)).toEqual([])
  })
})
