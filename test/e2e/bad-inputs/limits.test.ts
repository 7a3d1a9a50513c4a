import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { loadConfig } from '@panal/server'
import { WebSocket } from 'ws'
import { liveConfig, useLiveServer } from '../../fixtures/live-server.ts'
import {
  ask,
  dpopFor,
  joinMessage,
  next,
  openRound,
  openSocket,
  testDevice,
  updatePath,
  type OpenRound,
} from '../../fixtures/raw-device.ts'
import { answerOf, headOf, rawRequest, statusesOf, upgradeStatus, verdictOf } from '../../fixtures/raw-http.ts'

/** The table of limits, line by line, as the running server keeps them. What has a number among the bad inputs is there. */
const live = useLiveServer({
  connectionTimeoutMs: 1000,
  requestTimeoutMs: 1000,
  enrolmentsPerMinute: 4,
  deviceRequestsPerMinute: 5,
  networkRequestsPerMinute: 40,
  maxStrangersPerNetwork: 3,
  trustProxy: ['127.0.0.1'],
})
const from = (address: string) => ({ 'x-forwarded-for': address })
let round: OpenRound
beforeAll(async () => {
  round = await openRound(live, 'digits', { numDevices: 2 })
}, 60_000)
afterAll(() => round.close())

describe('the defaults', () => {
  it('are those of the specification', () => {
    expect(liveConfig({})).toMatchObject({
      requestTimeoutMs: 30_000,
      connectionTimeoutMs: 10_000,
      trustProxy: [],
      allowedOrigins: [],
    })
  })

  it.each(['1', 'true', 'loopback', '10.0.0.0/33', '10.0.0.0/-1', '*'])(
    'trustProxy %s is refused: addresses and ranges only, a number would trust nobody',
    (trustProxy) => {
      const { ok } = loadConfig({ flags: { trustProxy }, env: {} })
      expect(ok).toBe(false)
    },
  )
})

describe('HTTP', () => {
  it('bodyLimit: 64 KiB are read, one byte more is 413', async () => {
    const post = (length: number) => {
      const link = 'x'.repeat(length - '{"link":""}'.length)
      const headers = { 'content-type': 'application/json', ...from('10.0.1.1') }
      return verdictOf(live.fetch('/v1/session', { method: 'POST', headers, body: JSON.stringify({ link }) }))
    }
    expect(await post(64 * 1024)).toEqual([400, 'bad-request'])
    expect(await post(64 * 1024 + 1)).toEqual([413, 'too-large'])
  })

  it('Ajv coerces nothing, drops nothing and fills nothing in, in a body', async () => {
    const promote = async (body: unknown) => answerOf(await live.asOperator('POST', '/v1/tasks/digits/promote', body))
    const reason = 'r'
    for (const body of [
      { version: '0', reason },
      { version: null, reason },
      { version: [0], reason },
    ])
      expect(await promote(body)).toMatchObject({ status: 400, errors: [{ path: '/version' }] })
    expect(await promote({ version: 0, reason, more: 1 })).toMatchObject({ status: 400, errors: [{ path: '/more' }] })
    expect(await promote({ version: 0 })).toMatchObject({ status: 400, errors: [{ path: '/reason' }] })
    expect(await promote({ version: true, reason: 5 })).toMatchObject({
      status: 400,
      errors: [{ path: '/version' }, { path: '/reason' }],
    })
  })

  it('connectionTimeout and requestTimeout: silence, endless headers and an endless body are cut', async () => {
    const silent = new Promise((resolve) => {
      const socket = connect(Number(new URL(live.url).port), '127.0.0.1').on('close', resolve)
      socket.resume()
    })
    const headers = rawRequest(live.url, 'GET /healthz HTTP/1.1\r\nhost: x\r\n')
    const head = { host: 'x', 'content-type': 'application/json', 'content-length': '20', ...from('10.0.2.1') }
    const body = rawRequest(live.url, `${headOf('POST /v1/session', head)}{`)
    await silent
    expect([[], [408]]).toContainEqual(statusesOf(await headers).statuses)
    expect(statusesOf(await body)).toEqual({ statuses: [408], codes: ['too-slow'] })
  })
})

it('a refused request that goes on sending is cut as well', async () => {
  const head = { host: 'x', 'content-type': 'application/json', 'content-length': '20', ...from('10.0.3.1') }
  const began = rawRequest(live.url, `${headOf('POST /v1/tokens', head)}{`)
  expect(statusesOf(await began)).toEqual({ statuses: [401], codes: ['unauthorized'] })
})

describe('rates', () => {
  const get = (address: string) => live.fetch('/v1/tasks', { headers: from(address) })

  it('a network has its requests a minute, whichever of its hosts asks; another network has its own', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 41; i++) statuses.push((await get(`10.1.1.${i}`)).status)
    expect(statuses).toEqual([...Array<number>(40).fill(200), 429])
    const { status, headers } = await get('10.1.1.99')
    expect([status, Number(headers.get('retry-after')) > 0]).toEqual([429, true])
    expect((await get('10.1.2.1')).status).toBe(200)
  })

  it('a device has its own, wherever it asks from, and does not use up another’s', async () => {
    const [greedy, other] = round.devices
    const { proofNonce: nonce } = (await (
      await live.fetch('/v1/devices/challenge', { headers: from('10.4.1.1') })
    ).json()) as { proofNonce: string }
    const ask = async (device: typeof greedy, address: string) => {
      const path = updatePath(round.offer, '0'.repeat(64))
      const headers = { dpop: await dpopFor(live, device!, ['HEAD', path], { nonce }), ...from(address) }
      return (await live.fetch(path, { method: 'HEAD', headers })).status
    }
    const statuses: number[] = []
    for (let i = 0; i < 6; i++) statuses.push(await ask(greedy, `10.3.${i}.1`))
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
    // From a network that has nothing left for strangers.
    expect(await ask(other, '10.1.1.1')).toBe(200)
  })

  it.each([
    ['with a wrong token', '10.6.1.1', { authorization: 'Bearer wrong' }],
    ['without one', '10.6.2.1', {}],
  ])('a network has as many refusals a minute %s', async (_, address, headers) => {
    const statuses: number[] = []
    const ask = async (path: string) => (await live.fetch(path, { headers: { ...headers, ...from(address) } })).status
    for (let i = 0; i < 41; i++) statuses.push(await ask('/v1/devices'))
    expect(statuses).toEqual([...Array<number>(40).fill(401), 429])
    expect(await ask('/v1/tasks')).toBe(429)
  })

  it('a proof of a device that nobody knows is refused, and takes nothing of the nonce that all share', async () => {
    const stranger = await testDevice('nobody knows it yet')
    const path = updatePath(round.offer, '0'.repeat(64))
    const { proofNonce: nonce } = (await (
      await live.fetch('/v1/devices/challenge', { headers: from('10.4.2.1') })
    ).json()) as { proofNonce: string }
    const dpop = await dpopFor(live, stranger, ['PUT', path], { nonce })
    const headers = { dpop, 'content-type': 'application/octet-stream', ...from('10.7.1.1') }
    const codeOf = async () => (await answerOf(await live.fetch(path, { method: 'PUT', headers, body: 'x' })))['code']
    expect([await codeOf(), await codeOf()]).toEqual(['unauthorized', 'unauthorized'])
    await live.enrol('digits', stranger)
    // The same proof, of a device that is known now: good once.
    expect(await codeOf()).not.toBe('stale-proof')
    expect(await codeOf()).toBe('stale-proof')
  })

  it('enrolling has a tighter one', async () => {
    const enrol = () => live.fetch('/v1/devices', { method: 'POST', headers: from('10.4.0.1') })
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) statuses.push((await enrol()).status)
    expect(statuses.slice(0, 4)).not.toContain(429)
    expect(statuses[4]).toBe(429)
  })
})

describe('Socket.IO', () => {
  it('has no polling, no older protocol, and does not serve its client', async () => {
    const polling = live.fetch('/socket.io/?EIO=4&transport=polling', { headers: from('10.5.0.1') })
    expect((await polling).status).toBe(400)
    // Engine.IO judges the version after the upgrade: it hangs up where the handshake would be.
    const old = new WebSocket(`${live.url.replace('http', 'ws')}/socket.io/?EIO=3&transport=websocket`)
    const heard: string[] = []
    old.on('message', (data) => heard.push((data as Buffer).toString()))
    await new Promise((resolve) => old.once('close', resolve).on('error', () => undefined))
    expect(heard).toEqual([])
    expect((await live.fetch('/socket.io/socket.io.js')).status).not.toBe(200)
  })

  it('agrees on no compression', async () => {
    const socket = new WebSocket(`${live.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
      perMessageDeflate: true,
    })
    const opened = new Promise<string>((resolve) => socket.once('open', () => resolve(socket.extensions)))
    const handshake = new Promise<string>((resolve) =>
      socket.once('message', (data) => resolve((data as Buffer).toString())),
    )
    expect(await opened).toBe('')
    expect(JSON.parse((await handshake).slice(1))).toMatchObject({ maxPayload: 64 * 1024, upgrades: [] })
    socket.close()
  })

  it('a network has so many connections that no device has joined with; joined ones are none of them', async () => {
    const open = (address: string) => upgradeStatus(live.url, { headers: from(address) })
    const device = await live.enrol()
    const socket = openSocket(live, from('10.8.1.1'))
    await next(socket, 'connect')
    const others = [2, 3].map((host) => openSocket(live, from(`10.8.1.${host}`)))
    await Promise.all(others.map((each) => next(each, 'connect')))
    expect([await open('10.8.1.4'), await open('10.8.2.1')]).toEqual([503, 101])
    expect(await ask(socket, 'join', joinMessage('digits', device))).toMatchObject({ ok: true })
    expect(await open('10.8.1.4')).toBe(101)
    for (const each of [socket, ...others]) each.close()
  })

  it('cuts a connection that joins nothing within 5 s', async () => {
    const socket = new WebSocket(`${live.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(1005)
  }, 20_000)
})
