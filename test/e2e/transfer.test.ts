import { createHash, randomFillSync } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import {
  httpTransfer,
  isWorkDone,
  makeRng,
  systemClock,
  type Clock,
  type Fetch,
  type HttpTransferOptions,
  type RequestClaims,
  type WorkDone,
} from '@panal/client-core'
import { CuttingServer, readAll, sendJson, sendThenCut, type Answer, type Asked } from '../fixtures/cutting-server.ts'
import { receiptFor, sha256 } from '../fixtures/device-bench.ts'
import { testDevice } from '../fixtures/test-device.ts'
import { benchServer } from '../fixtures/server-keys.ts'
import { roundSummary } from '../fixtures/wire.ts'

const real = systemClock(globalThis)
const device = await testDevice('transfer')
const { keys } = device
const never = new AbortController().signal
const stallMs = 30_000
const bytes = randomFillSync(new Uint8Array(300_000))
const digest = createHash('sha256').update(bytes).digest('hex')

const platformFetch: Fetch = (url, init) => fetch(url, init)

/** Keeps the pauses between attempts and lets none of them take time. Stall timers never run out. */
function impatientClock(): Clock & { readonly pauses: number[] } {
  const pauses: number[] = []
  return {
    pauses,
    now: () => real.now(),
    sleep: (ms, signal) => {
      if (ms === stallMs) return real.sleep(ms, signal)
      pauses.push(ms)
      return real.sleep(0, signal)
    },
  }
}

/** What a request's proof says. */
const claimsOf = ({ headers }: Asked): RequestClaims =>
  JSON.parse(Buffer.from(String(headers['dpop']).split('.')[1]!, 'base64url').toString()) as RequestClaims

const open: CuttingServer[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

async function serving(answer: Answer, options: Partial<HttpTransferOptions> = {}) {
  const server = new CuttingServer(answer)
  open.push(server)
  const clock = impatientClock()
  const baseUrl = await server.listen()
  const transfer = httpTransfer({
    baseUrl,
    fetch: platformFetch,
    keys,
    sha256,
    clock,
    rng: makeRng(1),
    stallMs,
    ...options,
  })
  return { server, clock, transfer, baseUrl }
}

const startOf = (request: IncomingMessage): number =>
  Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)

/** Announces the blob from where the client wants it; what is sent of it is up to the test. */
function announce(request: IncomingMessage, response: ServerResponse, blob: Uint8Array = bytes): Uint8Array {
  const start = startOf(request)
  const total = blob.length
  if (start === 0) response.writeHead(200, { 'content-length': total })
  else
    response.writeHead(206, {
      'content-length': total - start,
      'content-range': `bytes ${start}-${total - 1}/${total}`,
    })
  return blob.subarray(start)
}

const challenge = { proofNonce: 'first', work: { challenge: 'c', bits: 4 } }
const enrolment = { deviceId: device.deviceId, taskId: 'digits', serverKeys: benchServer.keySet }

describe('enrolment', () => {
  it('[P5] takes a challenge, does the work, and proves that it has its key', async () => {
    const { server, transfer, baseUrl } = await serving(async (request, response) => {
      await readAll(request)
      sendJson(response, request.method === 'GET' ? 200 : 201, request.method === 'GET' ? challenge : enrolment)
    })
    expect(await transfer.enrol({ taskId: 'digits' }, never)).toEqual(enrolment)
    expect(server.requests).toEqual(['GET /v1/devices/challenge', 'POST /v1/devices'])
    const [, post] = server.asked
    const { taskId, work } = JSON.parse(post!.body.toString()) as { taskId: string; work: WorkDone }
    expect(taskId).toBe('digits')
    expect(isWorkDone(work, 4, device.deviceId)).toBe(true)
    expect(claimsOf(post!)).toMatchObject({ htm: 'POST', htu: `${baseUrl}/v1/devices`, nonce: 'first' })
  })

  it('[P20] waits as long as the server asks, and a fifth longer at most', async () => {
    const { clock, transfer } = await serving(async (request, response, before) => {
      await readAll(request)
      if (before === 0) sendJson(response, 429, { code: 'rate-limited', detail: 'slowly', retryAfterMs: 7_000 })
      else if (before === 1) response.writeHead(503, { 'retry-after': '9' }).end('<html>')
      else if (request.method === 'GET') sendJson(response, 200, challenge)
      else sendJson(response, 201, enrolment)
    })
    await transfer.enrol({ taskId: 'digits' }, never)
    expect(clock.pauses).toHaveLength(2)
    expect(clock.pauses[0]).toBeGreaterThanOrEqual(7_000)
    expect(clock.pauses[0]).toBeLessThanOrEqual(8_400)
    expect(clock.pauses[1]).toBeGreaterThanOrEqual(9_000)
    expect(clock.pauses[1]).toBeLessThanOrEqual(10_800)
  })
})

describe('downloads', () => {
  it('[P14] gives the bytes, and tells how far it is', async () => {
    const { server, transfer } = await serving((request, response) => void response.end(announce(request, response)))
    const progress: number[] = []
    const got = await transfer.download(digest, bytes.length, never, (fraction) => progress.push(fraction))
    expect(Buffer.compare(got, bytes)).toBe(0)
    expect(server.requests).toEqual([`GET /v1/blobs/${digest}`])
    expect(progress.at(-1)).toBe(1)
    expect([...progress].sort((a, b) => a - b)).toEqual(progress)
  })

  it('[P14] goes on where it was cut, however often, as long as something arrives', async () => {
    const { server, clock, transfer } = await serving(
      (request, response) => {
        const rest = announce(request, response)
        if (rest.length > 10_000) sendThenCut(response, rest.subarray(0, 10_000))
        else response.end(rest)
      },
      { retry: { minDelayMs: 100, maxDelayMs: 1e9 } },
    )
    const got = await transfer.download(digest, bytes.length, never)
    expect(Buffer.compare(got, bytes)).toBe(0)
    // 30 pieces of 10,000 bytes; after each the pause is the shortest again, ± 50 %.
    expect(clock.pauses.filter((ms) => ms > 150)).toEqual([])
    const starts = server.asked.map(({ headers }) => headers.range)
    expect(starts).toEqual([undefined, ...Array.from({ length: 29 }, (_, i) => `bytes=${(i + 1) * 10_000}-`)])
  })

  it('[P14] starts over when the server ignores the range', async () => {
    const { transfer } = await serving((_, response, before) => {
      response.writeHead(200, { 'content-length': bytes.length })
      if (before === 0) sendThenCut(response, bytes.subarray(0, 1000))
      else response.end(bytes)
    })
    expect(Buffer.compare(await transfer.download(digest, bytes.length, never), bytes)).toBe(0)
  })

  it('[P14] fetches damaged bytes once more, from zero', async () => {
    const damaged = Uint8Array.from(bytes)
    damaged[0]! ^= 1
    const { server, transfer } = await serving((request, response, before) => {
      response.end(announce(request, response, before === 0 ? damaged : bytes))
    })
    expect(Buffer.compare(await transfer.download(digest, bytes.length, never), bytes)).toBe(0)
    expect(server.asked.map(({ headers }) => headers.range)).toEqual([undefined, undefined])
  })

  it('[P14] gives up on bytes that are damaged twice', async () => {
    const damaged = Uint8Array.from(bytes)
    damaged[0]! ^= 1
    const { server, transfer } = await serving(
      (request, response) => void response.end(announce(request, response, damaged)),
    )
    await expect(transfer.download(digest, bytes.length, never)).rejects.toMatchObject({ code: 'digest-mismatch' })
    expect(server.asked).toHaveLength(2)
  })

  it.each([1, -1])('refuses a blob that is %i byte longer than announced', async (more) => {
    const { transfer } = await serving((request, response) => {
      if (startOf(request) >= bytes.length) response.writeHead(416).end()
      else response.end(announce(request, response))
    })
    const asked = transfer.download(digest, bytes.length - more, never)
    await expect(asked).rejects.toMatchObject({ code: 'length-mismatch' })
  })

  it('[P14] cuts a download of which nothing arrives any more, and goes on', async () => {
    const { server, transfer } = await serving(
      (request, response, before) => {
        const rest = announce(request, response)
        if (before === 0) response.write(rest.subarray(0, 5_000))
        else response.end(rest)
      },
      { clock: real, stallMs: 1_000, retry: { minDelayMs: 1, maxDelayMs: 2 } },
    )
    expect(Buffer.compare(await transfer.download(digest, bytes.length, never), bytes)).toBe(0)
    expect(server.asked.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=5000-'])
  })

  it('works where the platform cannot stream', async () => {
    const whole: Fetch = async (url, init) => {
      const response = await fetch(url, init)
      return {
        status: response.status,
        headers: response.headers,
        arrayBuffer: () => response.arrayBuffer(),
        text: () => response.text(),
      }
    }
    const { transfer } = await serving((request, response) => void response.end(announce(request, response)), {
      fetch: whole,
    })
    expect(Buffer.compare(await transfer.download(digest, bytes.length, never), bytes)).toBe(0)
  })

  it('ends with its signal’s reason, and hangs up', async () => {
    const stop = new AbortController()
    let hungUp: () => void = () => undefined
    const closed = new Promise<void>((resolve) => (hungUp = resolve))
    const { transfer } = await serving((request, response) => {
      response.once('close', hungUp)
      response.write(announce(request, response).subarray(0, 1000))
    })
    const progressed = () => stop.abort(new Error('enough'))
    await expect(transfer.download(digest, bytes.length, stop.signal, progressed)).rejects.toThrow('enough')
    await closed
  })

  it('[P19] has the server’s code and detail, and tries no more', async () => {
    const { server, transfer } = await serving((_, response) =>
      sendJson(response, 404, { code: 'not-found', detail: 'no such blob' }),
    )
    const asked = transfer.download(digest, bytes.length, never)
    await expect(asked).rejects.toMatchObject({ code: 'not-found', message: 'no such blob' })
    expect(server.asked).toHaveLength(1)
  })

  it('[P20] asks a server that is not there until it is told to stop, ever more slowly', async () => {
    const stop = new AbortController()
    const pauses: number[] = []
    const clock: Clock = {
      now: () => real.now(),
      sleep: (ms, signal) => {
        if (ms === stallMs) return real.sleep(ms, signal)
        if (pauses.push(ms) === 20) stop.abort(new Error('enough'))
        return real.sleep(0, signal)
      },
    }
    const { server, transfer } = await serving(() => undefined, { clock, retry: { minDelayMs: 100, maxDelayMs: 300 } })
    await server.close()
    await expect(transfer.download(digest, bytes.length, stop.signal)).rejects.toThrow('enough')
    // 100, 200, and 300 for ever, ± 50 %
    const expected = pauses.map((_, i) => 100 * Math.min(i + 1, 3))
    expect(pauses.map((ms, i) => ms >= 0.5 * expected[i]! && ms <= 1.5 * expected[i]!)).toEqual(pauses.map(() => true))
  })
})

describe('uploads', () => {
  const url = `/v1/tasks/digits/rounds/3/updates/${digest}`
  const header = { codec: 'f32', baseVersion: 2, numExamples: 10, numSteps: 4, lossBefore: 1.5 } as const
  const target = { taskId: 'digits', roundNumber: 3 }
  const update = { ...target, bytes, sha256: digest, header }

  it('[P15] sends the bytes with all that belongs to them, and gives the receipt', async () => {
    const { server, transfer } = await serving(async (request, response) => {
      await readAll(request)
      sendJson(response, 200, await receiptFor(update))
    })
    const progress: number[] = []
    const receipt = await transfer.upload(update, never, (fraction) => progress.push(fraction))
    expect(receipt).toEqual(await receiptFor(update))
    expect(progress).toEqual([0, 1])
    const [asked] = server.asked
    expect(`${asked?.method} ${asked?.url}`).toBe(`PUT ${url}`)
    expect(asked?.headers).toMatchObject({
      dpop: expect.stringMatching(/^ey/),
      'content-type': 'application/octet-stream',
      'content-length': '300000',
    })
    expect(asked?.headers['content-range']).toBeUndefined()
    expect(JSON.parse(String(asked?.headers['panal-update']))).toEqual({ ...header, bytes: 300_000 })
    expect(asked?.body.equals(bytes)).toBe(true)
  })

  it('[P15] sends a view at an odd offset as the bytes it shows', async () => {
    const pool = new Uint8Array(bytes.length + 3)
    pool.set(bytes, 3)
    const { server, transfer } = await serving(async (request, response) => {
      await readAll(request)
      sendJson(response, 200, await receiptFor(update))
    })
    await transfer.upload({ ...update, bytes: pool.subarray(3) }, never)
    expect(server.requests).toEqual([`PUT ${url}`])
    expect(server.asked[0]?.body.equals(bytes)).toBe(true)
  })

  it('[P15] signs again with the nonce of the answer when its own was stale, at once and once', async () => {
    const stale = { code: 'stale-proof', detail: 'old nonce' }
    const { clock, server, transfer } = await serving(async (request, response, before) => {
      await readAll(request)
      if (before === 0) sendJson(response, 401, stale, { 'dpop-nonce': 'second' })
      else if (before === 1) sendJson(response, 200, await receiptFor(update), { 'dpop-nonce': 'third' })
      else sendJson(response, 401, stale, { 'dpop-nonce': 'fourth' })
    })
    transfer.useNonce('first')
    await transfer.upload(update, never)
    expect(clock.pauses).toEqual([])
    await expect(transfer.upload(update, never)).rejects.toMatchObject({ code: 'stale-proof' })
    expect(server.asked.map((asked) => claimsOf(asked).nonce)).toEqual(['first', 'second', 'third', 'fourth'])
    const ids = new Set(server.asked.map((asked) => claimsOf(asked).jti))
    expect(ids.size).toBe(4)
  })

  it('[P16] after a cut asks how much arrived, and sends the rest alone', async () => {
    let held = Buffer.alloc(0)
    const { server, transfer } = await serving(async (request, response, before) => {
      if (before === 0) {
        // Takes what comes first, then hangs up in the middle of the upload.
        request.once('data', (chunk: Buffer) => {
          held = Buffer.from(chunk)
          request.socket.destroy()
        })
      } else if (request.method === 'HEAD') response.writeHead(200, { 'upload-offset': held.length }).end()
      else {
        held = Buffer.concat([held, await readAll(request)])
        sendJson(response, 200, await receiptFor(update))
      }
    })
    await transfer.upload(update, never)
    expect(held.equals(bytes)).toBe(true)
    expect(server.requests).toEqual([`PUT ${url}`, `HEAD ${url}`, `PUT ${url}`])
    const [, head, rest] = server.asked
    expect(head?.headers['dpop']).toMatch(/^ey/)
    const start = bytes.length - (rest?.body.length ?? 0)
    expect(start).toBeGreaterThan(0)
    expect(rest?.headers['content-range']).toBe(`bytes ${start}-299999/300000`)
    expect(JSON.parse(String(rest?.headers['panal-update']))).toMatchObject({ bytes: 300_000 })
  })

  it('[P16] asks again when the server does not share the offset', async () => {
    const { server, transfer } = await serving(async (request, response, before) => {
      if (before === 0) return void request.socket.destroy()
      if (request.method === 'HEAD')
        return void response.writeHead(200, { 'upload-offset': before === 1 ? 500 : 200 }).end()
      const { length } = await readAll(request)
      if (before === 2) sendJson(response, 416, { code: 'bad-offset', detail: 'the server holds 200 bytes' })
      else sendJson(response, length === bytes.length - 200 ? 200 : 500, await receiptFor(update))
    })
    await transfer.upload(update, never)
    expect(server.requests.map((each) => each.split(' ')[0])).toEqual(['PUT', 'HEAD', 'PUT', 'HEAD', 'PUT'])
    expect(server.asked.at(-1)?.headers['content-range']).toBe('bytes 200-299999/300000')
  })

  it('[P20] an upload that is cut again and again loses no time over it, as long as more of it arrives', async () => {
    const cuts = 8
    const { server, clock, transfer } = await serving(
      async (request, response, before) => {
        const held = Math.ceil(before / 2)
        if (request.method === 'HEAD') return void response.writeHead(200, { 'upload-offset': held }).end()
        if (held < cuts) return void request.socket.destroy()
        await readAll(request)
        sendJson(response, 200, await receiptFor(update))
      },
      { retry: { minDelayMs: 100, maxDelayMs: 1e9 } },
    )
    expect(await transfer.upload(update, never)).toEqual(await receiptFor(update))
    expect(server.requests).toHaveLength(2 * cuts + 1)
    // Each time one byte more: the pause is the shortest again, ± 50 %.
    expect(clock.pauses.map((ms) => ms >= 50 && ms <= 150)).toEqual(Array.from({ length: cuts }, () => true))
  })

  it('[P17] a receipt that was lost on its way is asked for with the same bytes', async () => {
    const { server, transfer } = await serving(async (request, response, before) => {
      if (request.method === 'HEAD') return void response.writeHead(200, { 'upload-offset': bytes.length }).end()
      await readAll(request)
      if (before === 0) request.socket.destroy()
      else sendJson(response, 200, await receiptFor(update))
    })
    expect(await transfer.upload(update, never)).toEqual(await receiptFor(update))
    expect(server.asked.at(-1)?.body.length).toBe(bytes.length)
    expect(server.asked.at(-1)?.headers['content-range']).toBeUndefined()
  })

  it('[P16] bytes that arrived damaged are sent once more, and only once', async () => {
    const { server, transfer } = await serving(async (request, response) => {
      if (request.method === 'HEAD') return void response.writeHead(200, { 'upload-offset': 0 }).end()
      await readAll(request)
      sendJson(response, 422, { code: 'digest-mismatch', detail: 'other bytes' })
    })
    await expect(transfer.upload(update, never)).rejects.toMatchObject({ code: 'digest-mismatch' })
    expect(server.requests.map((each) => each.split(' ')[0])).toEqual(['PUT', 'HEAD', 'PUT'])
  })

  it('[P18] a late update has the current round with it, and is not sent again', async () => {
    const { server, transfer } = await serving(async (request, response) => {
      await readAll(request)
      sendJson(response, 410, { code: 'stale-round', detail: 'over', retryAfterMs: 5, round: roundSummary(4) })
    })
    await expect(transfer.upload(update, never)).rejects.toMatchObject({
      code: 'stale-round',
      message: 'over',
      retryAfterMs: 5,
      extra: { round: roundSummary(4) },
    })
    expect(server.asked).toHaveLength(1)
  })

  it.each([
    [503, 'busy'],
    [503, 'draining'],
    [507, 'disk-full'],
    [429, 'rate-limited'],
    [408, 'too-slow'],
    [500, 'internal'],
  ] as const)('[P20] %i %s: tries again', async (status, code) => {
    const { transfer } = await serving(async (request, response, before) => {
      if (request.method === 'HEAD') return void response.writeHead(200, { 'upload-offset': 0 }).end()
      await readAll(request)
      if (before === 0) sendJson(response, status, { code, detail: 'not now' })
      else sendJson(response, 200, await receiptFor(update))
    })
    expect(await transfer.upload(update, never)).toEqual(await receiptFor(update))
  })

  it.each([
    [401, 'unauthorized'],
    [404, 'not-found'],
    [413, 'too-large'],
    [400, 'bad-request'],
  ] as const)('[P19] a proxy’s page with status %i counts as %s', async (status, code) => {
    const { server, transfer } = await serving(async (request, response) => {
      await readAll(request)
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html>')
    })
    await expect(transfer.upload(update, never)).rejects.toMatchObject({ code })
    expect(server.asked).toHaveLength(1)
  })

  it('ends with its signal’s reason while it waits for another attempt', async () => {
    const stop = new AbortController()
    const clock: Clock = {
      now: () => real.now(),
      sleep: (ms, signal) => {
        if (ms !== stallMs) stop.abort(new Error('enough'))
        return real.sleep(ms, signal)
      },
    }
    const { transfer } = await serving((request) => void request.socket.destroy(), { clock })
    await expect(transfer.upload(update, stop.signal)).rejects.toThrow('enough')
  })
})
