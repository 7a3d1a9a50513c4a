import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Assignment, RoundSummary } from '@panal/client-core'
import { createTask, useLiveServer } from '../fixtures/live-server.ts'
import {
  ask,
  dpopFor,
  joinMessage,
  joinProof,
  joinTask,
  next,
  openSocket,
  putUpdate,
  sha256,
  testDevice,
  updateOf,
  type RawDevice,
} from '../fixtures/raw-device.ts'

const live = useLiveServer()
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
  it('without a proof, or with one that is not good for it, is 401', async () => {
    const [a, b] = devices as [RawDevice, RawDevice]
    const path = `/v1/tasks/digits/rounds/${offer.roundNumber}/updates/${sha256(bytes)}`
    const stranger = await testDevice()
    const tries = [
      undefined,
      'x',
      `Bearer ${live.operatorToken}`,
      await dpopFor(live, stranger, ['PUT', path]),
      await dpopFor(live, a, ['HEAD', path]),
      await dpopFor(live, a, ['PUT', path.replace('/1/', '/2/')]),
      await dpopFor(live, a, ['PUT', path], { origin: 'https://evil.example' }),
      await joinProof(b, joinMessage('digits', b), { nonce: 'x', origin: live.url }),
    ]
    for (const dpop of tries)
      expect(await verdict(await putUpdate(live, a, offer, { bytes, headers: { dpop } }))).toEqual([
        401,
        'unauthorized',
      ])
    const stale = await dpopFor(live, a, ['PUT', path], { nonce: 'x' })
    const refused = await putUpdate(live, a, offer, { bytes, headers: { dpop: stale } })
    expect(refused.headers.get('dpop-nonce')).toEqual(expect.any(String))
    expect(await verdict(refused)).toEqual([401, 'stale-proof'])
  })

  it.each([
    ['missing', undefined],
    ['no JSON', '{'],
    ['an array', '[]'],
    ['not of this protocol', { odd: 1 }],
    ['longer than a header should be', { odd: 'x'.repeat(4096) }],
  ])('whose header is %s is 400', async (_, header) => {
    const headers = header === undefined ? { 'panal-update': undefined } : {}
    const response = await putUpdate(live, devices[0]!, offer, {
      bytes,
      headers,
      ...(header !== undefined && { header }),
    })
    expect(await verdict(response)).toEqual([400, 'bad-update-header'])
  })

  it('of another task is 404, larger than the model can need 413', async () => {
    const [device] = devices as [RawDevice]
    const elsewhere = putUpdate(live, device, { ...offer, taskId: 'nope' }, { bytes })
    expect(await verdict(await elsewhere)).toEqual([404, 'unknown-task'])
    const large = putUpdate(live, device, offer, { bytes: updateOf(numParams + 1000) })
    expect(await verdict(await large)).toEqual([413, 'too-large'])
  })

  it('of a device that was not asked is 403', async () => {
    const stranger = await joinTask(live, 'digits')
    expect(await verdict(await putUpdate(live, stranger, offer, { bytes }))).toEqual([403, 'not-assigned'])
    stranger.socket.close()
  })

  it('of other bytes than its name says is 422', async () => {
    const response = await putUpdate(live, devices[0]!, offer, { bytes, digest: sha256(updateOf(numParams, 9)) })
    expect(await verdict(response)).toEqual([422, 'digest-mismatch'])
  })

  it('is accepted with a receipt, and repeated with the same one [P17]', async () => {
    const receipt = (await (await putUpdate(live, devices[0]!, offer, { bytes })).json()) as object
    expect(receipt).toMatchObject({ taskId: 'digits', roundNumber: 1, deviceId: devices[0]!.deviceId, weight: 10 })
    expect(await (await putUpdate(live, devices[0]!, offer, { bytes })).json()).toEqual(receipt)
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
    const metrics = await (await live.asOperator('GET', '/metrics')).text()
    expect(metrics).toContain('panal_rounds_total{task="digits",outcome=')
    // Three first times and one repetition; the NaN twice.
    expect(metrics).toContain('panal_updates_total{task="digits",verdict="accepted"} 4')
    expect(metrics).toContain('panal_updates_total{task="digits",verdict="non-finite"} 2')
    watcher.close()
  }, 60_000)
})
