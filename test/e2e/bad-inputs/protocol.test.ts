import { connect } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { TaskDocument } from '@panal/server'
import { useLiveServer } from '../../fixtures/live-server.ts'
import {
  credentialOf,
  openRound,
  putUpdate,
  sha256,
  updateHeaders,
  updateOf,
  updatePath,
  type OpenRound,
  type RawDevice,
} from '../../fixtures/raw-device.ts'
import { answerOf, headOf, verdictOf } from '../../fixtures/raw-http.ts'

const live = useLiveServer({ uploadIdleMs: 2000 })
const numParams = 51
const bytes = updateOf(numParams)

const opened: OpenRound[] = []
afterEach(() => opened.splice(0).forEach((round) => round.close()))

const open = async (id: string, numDevices: number, changes: Partial<TaskDocument> = {}) => {
  const round = await openRound(live, id, { numDevices, ...changes })
  opened.push(round)
  const [first, second] = round.devices as [RawDevice, RawDevice]
  return { ...round, first, second }
}

/** The round that counts a good update of `device` as its last, with so many in all. */
const finish = async (round: OpenRound, device: RawDevice) => {
  const closed = round.closing()
  expect((await putUpdate(live, device, round.offer, { bytes: updateOf(numParams, 0.002) })).status).toBe(200)
  return closed
}

/** Cohort of two, of whom one update ends the round. */
const firstWins = { cohort: { size: 2, overSelection: 1, reportingGoal: 1, minimum: 1, deadlineMs: 600_000 } }

describe('rounds that are not this one', () => {
  it('[F10] an update for a stale round [410, current round in the body]', async () => {
    const round = await open('stale', 2, firstWins)
    const { first, second, offer } = round
    const nextOffer = new Promise<{ roundNumber: number }>((resolve) => second.socket.once('assignment', resolve))
    await finish(round, first)
    expect((await nextOffer).roundNumber).toBe(2)
    const answer = await answerOf(await putUpdate(live, second, offer, { bytes }))
    expect(answer).toMatchObject({ status: 410, code: 'stale-round', round: { taskId: 'stale', number: 2 } })
    expect(answer['round']).toMatchObject({ phase: 'collecting', numAccepted: 0 })
  })

  it('[F11] an update for a round to come [409]', async () => {
    const round = await open('future', 1)
    const ahead = { ...round.offer, roundNumber: 2 }
    expect(await verdictOf(putUpdate(live, round.first, ahead, { bytes }))).toEqual([409, 'future-round'])
    expect(await finish(round, round.first)).toMatchObject({ number: 1, numAccepted: 1, numRejected: 0 })
  })

  it('[F16] an update from another base, by version or by digest [409]', async () => {
    const round = await open('base', 1)
    for (const header of [{ baseVersion: 1 }, { baseSha256: 'f'.repeat(64) }])
      expect(await verdictOf(putUpdate(live, round.first, round.offer, { bytes, header }))).toEqual([409, 'wrong-base'])
    const baseSha256 = round.offer.manifest.weightsSha256
    const good = await putUpdate(live, round.first, round.offer, { bytes, header: { baseSha256 } })
    expect(good.status).toBe(200)
  })
})

describe('more than one update', () => {
  it('[F12] the same update twice [200, same receipt], and it counts once', async () => {
    const round = await open('twice', 2)
    const [receipt, again] = [
      await answerOf(await putUpdate(live, round.first, round.offer, { bytes })),
      await answerOf(await putUpdate(live, round.first, round.offer, { bytes })),
    ]
    expect(receipt).toMatchObject({ status: 200, roundNumber: 1, deviceId: round.first.deviceId, weight: 10 })
    expect(again).toEqual(receipt)
    expect(await finish(round, round.second)).toMatchObject({ numAccepted: 2, numRejected: 0 })
    expect(await answerOf(await putUpdate(live, round.first, round.offer, { bytes }))).toEqual(receipt)
  })

  it('[F12] the same update twice at once [200, same receipt]', async () => {
    const round = await open('at-once', 2)
    const send = async () => answerOf(await putUpdate(live, round.first, round.offer, { bytes }))
    const answers = await Promise.all([send(), send(), send()])
    const counted = answers.filter(({ status }) => status === 200)
    // A newer upload of one device may take over from an older one, which then is told so.
    expect(counted.length).toBeGreaterThan(0)
    expect(answers.filter(({ status, code }) => status !== 200 && code !== 'superseded')).toEqual([])
    expect(new Set(counted.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await finish(round, round.second)).toMatchObject({ numAccepted: 2 })
  })

  it('[F13] two different updates in one round [409], and the first stands', async () => {
    const round = await open('two', 2)
    const receipt = await answerOf(await putUpdate(live, round.first, round.offer, { bytes }))
    const other = putUpdate(live, round.first, round.offer, { bytes: updateOf(numParams, 0.5) })
    expect(await verdictOf(other)).toEqual([409, 'conflicting-update'])
    expect(await finish(round, round.second)).toMatchObject({ numAccepted: 2, numRejected: 0 })
    expect(await answerOf(await putUpdate(live, round.first, round.offer, { bytes }))).toEqual(receipt)
  })
})

/** The start of an upload on a connection of its own, and what the server answers. Resolves once it has read the head. */
const startUpload = async (device: RawDevice, { offer }: OpenRound) => {
  const { hostname, port } = new URL(live.url)
  const socket = connect(Number(port), hostname)
  const headers = {
    ...(await updateHeaders(live, device, offer, { bytes, origin: 'http://x' })),
    'content-length': String(bytes.length),
  }
  socket.write(headOf(`PUT ${updatePath(offer, sha256(bytes))}`, { host: 'x', expect: '100-continue', ...headers }))
  const answer = new Promise<string>((resolve) => {
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString()
      if (/\r\n\r\n\{[^]*\}$/.test(received)) resolve(received.replace(/^HTTP\/1.1 100 [^]*?\r\n\r\n/, ''))
    })
  })
  return new Promise<{ socket: typeof socket; answer: Promise<string> }>((resolve) =>
    socket.once('data', () => resolve({ socket, answer })),
  )
}
const heldBytes = async (device: RawDevice, { offer }: OpenRound) => {
  const path = updatePath(offer, sha256(bytes))
  const init = { method: 'HEAD', headers: await credentialOf(live, device, ['HEAD', path]) }
  return (await live.fetch(path, init)).headers.get('upload-offset')
}

describe('uploads that are cut', () => {
  it('[F19] resumed at a wrong offset [416], and at the right one accepted', async () => {
    const round = await open('resume', 1)
    const { first, offer } = round
    const { socket } = await startUpload(first, round)
    const cut = new Promise((resolve) => socket.once('close', resolve))
    socket.write(bytes.subarray(0, 100))
    await cut
    expect(await heldBytes(first, round)).toBe('100')
    const rest = (start: number, end = 203, size = 204) =>
      verdictOf(
        putUpdate(live, first, offer, {
          bytes: bytes.slice(start),
          digest: sha256(bytes),
          header: { bytes: bytes.length },
          headers: { 'content-range': `bytes ${start}-${end}/${size}` },
        }),
      )
    for (const [start, ...more] of [[50], [101], [100, 202], [100, 203, 205], [203, 100]] as [number, number?][])
      expect(await rest(start, ...more)).toEqual([416, 'bad-offset'])
    for (const range of ['bytes=100-203/204', 'bytes 100-203/*', 'items 100-203/204', 'bytes 1e2-203/204', ''])
      expect(await verdictOf(putUpdate(live, first, offer, { bytes, headers: { 'content-range': range } }))).toEqual([
        416,
        'bad-offset',
      ])
    expect(await rest(100)).toEqual([200, undefined])
  })

  it('[F20] a round that closes during an upload [410, no partial count]', async () => {
    const round = await open('closing', 2, { ...firstWins, rounds: { minIntervalMs: 0, max: 1 } })
    const { socket, answer } = await startUpload(round.first, round)
    socket.write(bytes.subarray(0, 100))
    const closed = await finish(round, round.second)
    expect(closed).toMatchObject({ number: 1, numAccepted: 1, numLate: 1, bytesUp: bytes.length })
    socket.write(bytes.subarray(100))
    expect(await answer).toMatch(/^HTTP\/1\.1 410 [^]*"code":"(round-closed|stale-round)"/)
    expect(await answer).toMatch(/"round":\{"taskId":"closing"/)
    socket.destroy()
    const { rounds } = (await answerOf(await live.fetch('/v1/tasks/closing/rounds'))) as { rounds: object[] }
    expect(rounds).toEqual([expect.objectContaining({ number: 1, numAccepted: 1, bytesUp: bytes.length })])
  })
})
