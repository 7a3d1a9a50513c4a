import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Assignment, RoundSummary } from '@panal/client-core'
import { createTask, useLiveServer } from '../fixtures/live-server.ts'
import { ask, joinTask, next, openSocket, putUpdate, sha256, updateOf, type RawDevice } from '../fixtures/raw-device.ts'

const live = useLiveServer({ uploadIdleMs: 1000 })
const numParams = 51
let devices: RawDevice[]
let offer: Assignment

beforeAll(async () => {
  await createTask(live, {
    cohort: { size: 4, overSelection: 1, reportingGoal: 4, minimum: 1, deadlineMs: 600_000 },
    // These devices send no heartbeats.
    lease: { heartbeatMs: 60_000, leaseMs: 600_000 },
  })
  devices = await Promise.all([1, 2, 3, 4].map(() => joinTask(live, 'digits')))
  offer = (await Promise.all(devices.map(({ assignment }) => assignment)))[0]!
}, 60_000)
afterAll(() => devices.forEach(({ socket }) => socket.close()))

const verdict = async (response: Response) => {
  const { code } = (await response.json()) as { code?: string }
  return [response.status, code]
}
const bytes = updateOf(numParams)

describe('an update', () => {
  it.each([
    ['gzip', 415, 'unsupported-encoding'],
    ['br', 415, 'unsupported-encoding'],
    ['identity', 415, 'unsupported-encoding'],
  ])('with Content-Encoding %s is %i %s', async (encoding, ...expected) => {
    const response = await putUpdate(live, devices[0]!, offer, { bytes, headers: { 'content-encoding': encoding } })
    expect(await verdict(response)).toEqual(expected)
  })

  it.each([[undefined], ['application/json'], ['text/plain'], ['multipart/form-data; boundary=x']])(
    'of content type %s is 415',
    async (type) => {
      const response = await putUpdate(live, devices[0]!, offer, { bytes, headers: { 'content-type': type } })
      expect(await verdict(response)).toEqual([415, 'unsupported-media-type'])
    },
  )

  it('without a credential, with another device’s, or with half of one is 401', async () => {
    const [a, b] = devices as [RawDevice, RawDevice]
    const tries = [
      undefined,
      'Bearer x',
      `Bearer ${a.deviceId}.${b.deviceToken}`,
      `Bearer ${a.deviceId}`,
      `Bearer ${live.operatorToken}`,
    ]
    for (const authorization of tries)
      expect(await verdict(await putUpdate(live, a, offer, { bytes, headers: { authorization } }))).toEqual([
        401,
        'unauthorized',
      ])
  })

  it.each([
    ['missing', undefined],
    ['no JSON', '{'],
    ['an array', '[]'],
    ['0 examples', { numExamples: 0 }],
    ['-1 examples', { numExamples: -1 }],
    ['1.5 examples', { numExamples: 1.5 }],
    ['2^53 examples', { numExamples: 2 ** 53 }],
    ['"10" examples', { numExamples: '10' }],
    ['NaN examples', { numExamples: NaN }],
    ['an unknown key', { odd: 1 }],
    ['a prototype key', '{"codec":"f32","bytes":204,"baseVersion":0,"numExamples":10,"numSteps":5,"__proto__":{}}'],
  ])('whose header is %s is 400', async (_, header) => {
    const headers = header === undefined ? { 'panal-update': undefined } : {}
    const response = await putUpdate(live, devices[0]!, offer, {
      bytes,
      headers,
      ...(header !== undefined && { header: header as string }),
    })
    expect(await verdict(response)).toEqual([400, 'bad-update-header'])
  })

  it('that is not as long as it says is 400', async () => {
    const longer = await putUpdate(live, devices[0]!, offer, { bytes, header: { bytes: bytes.length + 4 } })
    expect(await verdict(longer)).toEqual([400, 'length-mismatch'])
  })

  it('without Content-Length is 400', async () => {
    const response = await live.fetch(`/v1/tasks/digits/rounds/1/updates/${sha256(bytes)}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${devices[0]!.deviceId}.${devices[0]!.deviceToken}`,
        'content-type': 'application/octet-stream',
        'panal-update': JSON.stringify({ codec: 'f32', bytes: 204, baseVersion: 0, numExamples: 10, numSteps: 5 }),
      },
      body: new Blob([bytes as Uint8Array<ArrayBuffer>]).stream(),
      duplex: 'half',
    } as RequestInit)
    expect(await verdict(response)).toEqual([400, 'length-mismatch'])
  })

  it('of another task is 404, of a round to come 409, larger than the model can need 413', async () => {
    const [device] = devices as [RawDevice]
    expect(await verdict(await putUpdate(live, device, { ...offer, taskId: 'nope' }, { bytes }))).toEqual([
      404,
      'unknown-task',
    ])
    expect(await verdict(await putUpdate(live, device, { ...offer, roundNumber: 2 }, { bytes }))).toEqual([
      409,
      'future-round',
    ])
    expect(await verdict(await putUpdate(live, device, { ...offer, baseVersion: 9 }, { bytes }))).toEqual([
      409,
      'wrong-base',
    ])
    expect(await verdict(await putUpdate(live, device, offer, { bytes: updateOf(numParams + 1000) }))).toEqual([
      413,
      'too-large',
    ])
  })

  it('of a device that was not asked is 403', async () => {
    const stranger = await live.enrol()
    expect(await verdict(await putUpdate(live, stranger, offer, { bytes }))).toEqual([403, 'not-assigned'])
  })

  it('of other bytes than its name says is 422', async () => {
    const response = await putUpdate(live, devices[0]!, offer, { bytes, digest: sha256(updateOf(numParams, 9)) })
    expect(await verdict(response)).toEqual([422, 'digest-mismatch'])
  })

  it('that stalls is cut after a while, and resumed at the offset that HEAD gives', async () => {
    const [device] = devices as [RawDevice]
    const path = `/v1/tasks/digits/rounds/${offer.roundNumber}/updates/${sha256(bytes)}`
    const authorization = `Bearer ${device.deviceId}.${device.deviceToken}`
    await stalledUpload(path, authorization, bytes.subarray(0, 100))
    const head = await live.fetch(path, { method: 'HEAD', headers: { authorization } })
    expect(head.headers.get('upload-offset')).toBe('100')
    const rest = (start: number, end = 203, size = 204) =>
      putUpdate(live, device, offer, {
        bytes: bytes.slice(start),
        digest: sha256(bytes),
        header: { bytes: bytes.length },
        headers: { 'content-range': `bytes ${start}-${end}/${size}` },
      })
    expect(await verdict(await rest(50))).toEqual([416, 'bad-offset'])
    expect(await verdict(await rest(100, 202))).toEqual([416, 'bad-offset'])
    expect(await verdict(await rest(100, 203, 205))).toEqual([416, 'bad-offset'])
    const receipt = (await (await rest(100)).json()) as object
    expect(receipt).toMatchObject({ taskId: 'digits', roundNumber: 1, deviceId: device.deviceId, weight: 10 })
    // Again, whole: the same receipt. [P17]
    expect(await (await putUpdate(live, device, offer, { bytes })).json()).toEqual(receipt)
    const other = await putUpdate(live, device, offer, { bytes: updateOf(numParams, 0.5) })
    expect(await verdict(other)).toEqual([409, 'conflicting-update'])
  })

  it('with a NaN is 422, and stays refused', async () => {
    const nan = updateOf(numParams, NaN)
    expect(await verdict(await putUpdate(live, devices[2]!, offer, { bytes: nan }))).toEqual([422, 'non-finite'])
    expect(await verdict(await putUpdate(live, devices[2]!, offer, { bytes: nan }))).toEqual([422, 'non-finite'])
  })

  it('that is the last ends the round, which a watcher sees', async () => {
    const watcher = openSocket(live)
    await next(watcher, 'connect')
    expect(await ask(watcher, 'watch', { taskId: 'digits' })).toEqual({ ok: true })
    const closed = new Promise<RoundSummary>((resolve) =>
      watcher.on('round', (round: RoundSummary) => {
        if (round.phase === 'closed') resolve(round)
      }),
    )
    const last = updateOf(numParams, 0.002)
    expect((await putUpdate(live, devices[1]!, offer, { bytes })).status).toBe(200)
    expect((await putUpdate(live, devices[3]!, offer, { bytes: last })).status).toBe(200)
    expect(await closed).toMatchObject({ number: 1, numAccepted: 3, numRejected: 1, candidateVersion: 1 })
    const metrics = await (await live.fetch('/metrics')).text()
    expect(metrics).toContain('panal_rounds_total{task="digits",outcome=')
    // Three first times and one repetition; the NaN twice.
    expect(metrics).toContain('panal_updates_total{task="digits",verdict="accepted"} 4')
    expect(metrics).toContain('panal_updates_total{task="digits",verdict="non-finite"} 2')
    watcher.close()
  }, 60_000)
})

const uploadHead = (path: string, authorization: string) =>
  [
    `PUT ${path} HTTP/1.1`,
    'host: x',
    `authorization: ${authorization}`,
    'content-type: application/octet-stream',
    'content-length: 204',
    `panal-update: ${JSON.stringify({ codec: 'f32', bytes: 204, baseVersion: 0, numExamples: 10, numSteps: 5 })}`,
    '',
    '',
  ].join('\r\n')

/** Sends the start of an update and waits until the server hangs up. */
const stalledUpload = (path: string, authorization: string, part: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(live.url)
    const socket = connect(Number(port), hostname)
    socket.write(uploadHead(path, authorization))
    socket.write(part)
    // An answer would mean that it was refused instead of waited for.
    socket.on('data', (answer) => reject(new Error(answer.toString())))
    socket.on('close', () => resolve()).on('error', () => resolve())
  })
