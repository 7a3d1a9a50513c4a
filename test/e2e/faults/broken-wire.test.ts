import { connect } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Assignment, Receipt } from '@panal/client-core'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import { headOf, statusesOf } from '../../fixtures/raw-http.ts'
import {
  credentialOf,
  joinTask,
  putUpdate,
  sha256,
  updateHeaders,
  updateOf,
  updatePath,
  type RawDevice,
} from '../../fixtures/raw-device.ts'

const live = useLiveServer()
const bytes = updateOf(51)
let devices: RawDevice[]
let offers: Assignment[]

beforeAll(async () => {
  await createTask(live, {
    cohort: { size: 4, overSelection: 1, reportingGoal: 4, minimum: 1, deadlineMs: 600_000 },
    lease: { heartbeatMs: 60_000, leaseMs: 600_000 },
  })
  devices = await Promise.all([1, 2, 3, 4].map(() => joinTask(live, 'digits')))
  offers = await Promise.all(devices.map(({ assignment }) => assignment))
}, 60_000)
afterAll(() => devices.forEach(({ socket }) => socket.close()))

/** The bytes of a whole PUT, from `offset` on. */
async function putBytes(index: number, { offset = 0, connection = 'close' } = {}): Promise<Buffer> {
  const offer = offers[index]!
  const head = headOf(`PUT ${updatePath(offer, sha256(bytes))}`, {
    host: 'x',
    connection,
    'content-length': String(bytes.length - offset),
    ...(offset === 0 ? {} : { 'content-range': `bytes ${offset}-${bytes.length - 1}/${bytes.length}` }),
    ...(await updateHeaders(live, devices[index]!, offer, { bytes, origin: 'http://x' })),
  })
  return Buffer.concat([Buffer.from(head), bytes.subarray(offset)])
}

/** Sends pieces, each a TCP write of its own; resolves with all that came back. `cut`: resets the connection after the last. */
async function send(pieces: Iterable<Buffer>, cut = false): Promise<string> {
  const { hostname, port } = new URL(live.url)
  const socket = connect(Number(port), hostname).setNoDelay(true)
  await once(socket, 'connect')
  let received = ''
  socket.on('data', (chunk) => (received += chunk.toString())).on('error', () => undefined)
  const closed = once(socket, 'close')
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
  if (cut) socket.resetAndDestroy()
  await closed
  return received
}

const held = async (index: number): Promise<number> => {
  const path = updatePath(offers[index]!, sha256(bytes))
  const head = await live.fetch(path, {
    method: 'HEAD',
    headers: await credentialOf(live, devices[index]!, ['HEAD', path]),
  })
  return Number(head.headers.get('upload-offset'))
}

/** In the last answer of a connection. */
const receiptOf = (answer: string): Receipt => JSON.parse(answer.split('\r\n\r\n').at(-1)!) as Receipt

describe('[F47] an update', () => {
  it('that comes one byte a write is like any other', async () => {
    const whole = await putBytes(0)
    const answer = await send(Array.from(whole, (_, at) => whole.subarray(at, at + 1)))
    expect(statusesOf(answer)).toEqual({ statuses: [200], codes: [] })
    expect(receiptOf(answer)).toMatchObject({ deviceId: devices[0]!.deviceId, sha256: sha256(bytes) })
  })

  it('that is cut again and again goes on where it was cut, and counts once', async () => {
    const headBytes = (await putBytes(1)).length - bytes.length
    let offset = 0
    for (const cutAt of [10, headBytes - 1, headBytes + 1, headBytes + 50, headBytes + 100]) {
      await send([(await putBytes(1)).subarray(0, cutAt)], true)
      // The server hears of the cut when it does; until then a new upload takes over from the old.
      const now = await held(1)
      expect(now).toBeLessThanOrEqual(Math.max(0, cutAt - headBytes))
      offset = now
    }
    const answer = await send([await putBytes(1, { offset })])
    const last = statusesOf(answer)
    // Bytes of the cut may still have come in after HEAD said how many: then the server says so, and the device asks again.
    const done = last.statuses[0] === 416 ? await send([await putBytes(1, { offset: await held(1) })]) : answer
    expect(receiptOf(done)).toMatchObject({ deviceId: devices[1]!.deviceId })
    expect(await held(1)).toBe(bytes.length)
  })

  it('that comes twice, on one connection and on two at once, gets one receipt', async () => {
    // A newer upload takes over from an older that is still under way; one that is counted has its receipt for ever.
    const isGood = (answer: string): boolean => {
      const { statuses, codes } = statusesOf(answer)
      return statuses.every((status) => [200, 409].includes(status)) && codes.every((code) => code === 'superseded')
    }
    const pipelined = await send([await putBytes(2, { connection: 'keep-alive' }), await putBytes(2)])
    const both = await Promise.all([send([await putBytes(3)]), send([await putBytes(3)])])
    expect([pipelined, ...both].map(isGood)).toEqual([true, true, true])
    expect(statusesOf(pipelined).statuses.at(-1)).toBe(200)
    expect(both.flatMap((answer) => statusesOf(answer).statuses)).toContain(200)
    expect(await (await putUpdate(live, devices[2]!, offers[2]!, { bytes })).json()).toEqual(receiptOf(pipelined))
    const again = await putUpdate(live, devices[3]!, offers[3]!, { bytes })
    expect(again.status).toBe(200)
    const { rounds } = (await (await live.fetch('/v1/tasks/digits/rounds?limit=10')).json()) as {
      rounds: { number: number; numAccepted: number }[]
    }
    expect(rounds.find(({ number }) => number === 1)).toMatchObject({ numAccepted: 4 })
  })
})
