import { createHash, createHmac } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import {
  makeProof,
  makeRng,
  proofTypes,
  protocolVersion,
  systemClock,
  type Assignment,
  type Closing,
  type RoundSummary,
  type ServerKeySet,
} from '@panal/client-core'
import { nodeRuntime } from '@panal/simulations'
import { halfAnUpload } from '../../../fixtures/half-upload.ts'
import { createTask, useLiveServer } from '../../../fixtures/live-server.ts'
import { answerOf } from '../../../fixtures/raw-http.ts'
import {
  ask,
  dpopFor,
  heartbeat,
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
  type TestDevice,
} from '../../../fixtures/raw-device.ts'
import { workFor } from '../../../fixtures/test-device.ts'

const live = useLiveServer()
const numParams = 51
const bytes = updateOf(numParams)
let members: RawDevice[]
let offer: Assignment

beforeAll(async () => {
  const cohort = { size: 4, overSelection: 1, reportingGoal: 4, minimum: 1, deadlineMs: 600_000 }
  const lease = { heartbeatMs: 60_000, leaseMs: 600_000 } // these devices send no heartbeats
  await createTask(live, { cohort, lease })
  await createTask(live, { id: 'by-invitation', enrolment: 'invitation', lease })
  members = await Promise.all([1, 2, 3, 4].map(() => joinTask(live, 'digits')))
  offer = (await Promise.all(members.map(({ assignment }) => assignment)))[0]!
}, 60_000)

const opened: { close(): void }[] = []
afterEach(() => opened.splice(0).forEach((each) => each.close()))
const connected = async () => {
  const socket = openSocket(live)
  opened.push(socket)
  await next(socket, 'connect')
  return socket
}
const verdict = async (response: Response) => {
  const { status, code } = await answerOf(response)
  return [status, code]
}
const pathOf = (round = offer.roundNumber) => `/v1/tasks/digits/rounds/${round}/updates/${sha256(bytes)}`
const numAccepted = async () => {
  const { round } = (await answerOf(await live.fetch('/v1/tasks/digits'))) as { round: RoundSummary }
  return round.numAccepted
}
const enrol = async (device: TestDevice, body: object, proof?: string) =>
  live.fetch('/v1/devices', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      dpop: proof ?? (await dpopFor(live, device, ['POST', '/v1/devices'])),
    },
    body: JSON.stringify(body),
  })

describe('enrolment', () => {
  it('[P5] takes a key with its proof and the work done, and answers the same when it is asked again', async () => {
    const device = await testDevice()
    const body = { taskId: 'digits', work: await workFor(live, device) }
    const first = await answerOf(await enrol(device, body))
    expect(first).toMatchObject({ status: 201, deviceId: device.deviceId, taskId: 'digits' })
    expect(first['serverKeys']).toEqual(await (await live.fetch('/v1/keys')).json())
    expect(await answerOf(await enrol(device, body))).toEqual(first)
  })

  it('refuses work that is missing, another device’s, or for another challenge', async () => {
    const [device, other] = [await testDevice(), await testDevice()]
    const work = await workFor(live, device)
    const refused = [401, 'wrong-work']
    expect(await verdict(await enrol(device, { taskId: 'digits' }))).toEqual(refused)
    expect(await verdict(await enrol(other, { taskId: 'digits', work }))).toEqual(refused)
    const forged = { ...work, challenge: work.challenge.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) }
    expect(await verdict(await enrol(device, { taskId: 'digits', work: forged }))).toEqual(refused)
    expect(await verdict(await enrol(device, { taskId: 'digits', work: { challenge: '', answer: 0 } }))).toEqual([
      400,
      'bad-request',
    ])
  })

  it('refuses a key that did not make the proof, and a proof for something else', async () => {
    const [device, other] = [await testDevice(), await testDevice()]
    const body = { taskId: 'digits', work: await workFor(live, device) }
    // The victim's key in the header, signed by another.
    const stolen = { ...other.keys, publicKey: () => device.keys.publicKey() }
    const proof = await dpopFor(live, { ...device, keys: stolen }, ['POST', '/v1/devices'])
    expect(await verdict(await enrol(device, body, proof))).toEqual([401, 'unauthorized'])
    const elsewhere = await dpopFor(live, device, ['POST', '/v1/tokens'])
    expect(await verdict(await enrol(device, body, elsewhere))).toEqual([401, 'unauthorized'])
  })

  it('of an unknown task is 404', async () => {
    expect(await verdict(await enrol(await testDevice(), { taskId: 'nope' }))).toEqual([404, 'unknown-task'])
  })
})

describe('an invitation', () => {
  const invite = async (task = 'by-invitation') => {
    const answer = await answerOf(await live.asOperator('POST', `/v1/tasks/${task}/invitations`, {}))
    return answer as { invitation: string; serverKey: string; status: number }
  }
  const withInvitation = async (invitation: string | undefined, device?: TestDevice) =>
    enrol(device ?? (await testDevice()), { taskId: 'by-invitation', ...(invitation && { invitation }) })
  const refused = [401, 'invalid-invitation']

  it('lets one device in; the same one again, whose answer may have been lost', async () => {
    const { invitation, serverKey } = await invite()
    const device = await testDevice()
    expect((await withInvitation(invitation, device)).status).toBe(201)
    expect((await withInvitation(invitation, device)).status).toBe(201)
    const { keys } = (await (await live.fetch('/v1/keys')).json()) as ServerKeySet
    expect(keys[0]?.kid).toBe(serverKey)
    expect(await ask(await connected(), 'join', joinMessage('by-invitation', device))).toMatchObject({ ok: true })
  })

  it('[F40] is refused to a second device', async () => {
    const { invitation } = await invite()
    expect((await withInvitation(invitation)).status).toBe(201)
    expect(await verdict(await withInvitation(invitation))).toEqual(refused)
  })

  it('is needed where the task asks for one: a device of another task may not join', async () => {
    expect(await verdict(await withInvitation(undefined))).toEqual(refused)
    const worker = await testDevice()
    const work = await workFor(live, worker)
    expect(await verdict(await enrol(worker, { taskId: 'by-invitation', work }))).toEqual(refused)
    const device = await live.enrol('digits')
    expect(await ask(await connected(), 'join', joinMessage('by-invitation', device))).toMatchObject({
      ok: false,
      code: 'unauthorized',
    })
  })

  it.each<[string, (parts: Parts) => Promise<string> | string]>([
    ['alg none', ({ claims }) => `${coded({ alg: 'none', typ: 'panal-invitation+jwt' })}.${claims}.`],
    ['alg none, its signature kept', ({ claims, signature }) => `${coded({ alg: 'none' })}.${claims}.${signature}`],
    [
      'HS256 with the public key as the secret',
      async ({ claims }) => {
        const { keys } = (await (await live.fetch('/v1/keys')).json()) as ServerKeySet
        const text = `${coded({ alg: 'HS256', kid: keys[0]!.kid, typ: 'panal-invitation+jwt' })}.${claims}`
        const secret = Buffer.from(keys[0]!.x, 'base64url')
        return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
      },
    ],
    ['the key of a stranger', async ({ claims }) => signedBy(await testDevice(), claims)],
    ['a key id that is a path', ({ claims, signature }) => withKid('../../../../etc/passwd', claims, signature)],
    ['a key id of the prototype', ({ claims, signature }) => withKid('__proto__', claims, signature)],
    ['another audience', async () => (await invite('digits')).invitation],
    [
      'one bit off',
      ({ header, claims, signature }) =>
        `${header}.${claims}.${signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}`,
    ],
    ['claims of its own', ({ header, signature }) => `${header}.${coded({ aud: 'by-invitation' })}.${signature}`],
    ['a proof of a device', async () => dpopFor(live, await testDevice(), ['POST', '/v1/devices'])],
  ])('[F39] with %s is 401', async (_, forge) => {
    const { invitation } = await invite()
    const [header = '', claims = '', signature = ''] = invitation.split('.')
    const forged = await forge({ header, claims, signature })
    expect(forged).not.toBe(invitation)
    expect(await verdict(await withInvitation(forged))).toEqual(refused)
    expect((await withInvitation(invitation)).status).toBe(201)
  })

  it('is for operators to give', async () => {
    expect((await live.fetch('/v1/tasks/digits/invitations', { method: 'POST' })).status).toBe(401)
    expect(await verdict(await live.asOperator('POST', '/v1/tasks/nope/invitations', {}))).toEqual([
      404,
      'unknown-task',
    ])
    const long = await live.asOperator('POST', '/v1/tasks/digits/invitations', { minutes: 16 })
    expect(await verdict(long)).toEqual([400, 'bad-request'])
  })
})

describe('a join', () => {
  it('[F22] in another protocol version is refused with 426’s code', async () => {
    const device = await live.enrol()
    for (const spoken of [0, 1, protocolVersion - 1, protocolVersion + 1, 99])
      expect(
        await ask(await connected(), 'join', { ...joinMessage('digits', device), protocolVersion: spoken }),
      ).toMatchObject({
        code: 'unsupported-version',
      })
  })

  it('[F18] that was captured is good on no other connection, and changes nothing there', async () => {
    const device = await live.enrol()
    const first = await connected()
    const message = joinMessage('digits', device)
    const proof = await joinProof(device, message, { nonce: first.id!, origin: live.url })
    expect(await ask(first, 'join', { ...message, proof })).toMatchObject({ ok: true })
    const thief = await connected()
    expect(await ask(thief, 'join', { ...message, proof })).toMatchObject({ ok: false, code: 'unauthorized' })
    expect(await ask(thief, 'heartbeat', heartbeat)).toMatchObject({ code: 'not-joined' })
    expect(await ask(first, 'heartbeat', heartbeat)).toMatchObject({ ok: true })
  })

  it('signed for another server, task or version is refused', async () => {
    const device = await live.enrol()
    const socket = await connected()
    const message = joinMessage('digits', device)
    const good = { nonce: socket.id!, origin: live.url }
    const proofs = [
      joinProof(device, message, { ...good, origin: 'https://evil.example' }),
      joinProof(device, message, { ...good, origin: 'no url' }),
      joinProof(device, { ...message, taskId: 'by-invitation' }, good),
      joinProof(device, { ...message, protocolVersion: 1 }, good),
      joinProof(device, { ...message, deviceId: members[0]!.deviceId }, good),
      makeProof(device.keys, proofTypes.request, { htm: 'GET', htu: live.url, iat: 0, nonce: socket.id! }),
    ]
    for (const proof of proofs)
      expect(await ask(socket, 'join', { ...message, proof: await proof })).toMatchObject({ code: 'unauthorized' })
    expect(await ask(socket, 'join', message)).toMatchObject({ ok: true })
  })
})

describe('a request', () => {
  it('[F14] of a device that has not joined is refused', async () => {
    const stranger = await testDevice()
    expect(await verdict(await putUpdate(live, stranger, offer, { bytes }))).toEqual([401, 'unauthorized'])
    const enrolled = await live.enrol()
    expect(await verdict(await putUpdate(live, enrolled, offer, { bytes }))).toEqual([401, 'not-joined'])
  })

  it('[F15] for a task that the device has not enrolled for is refused', async () => {
    const elsewhere = { ...offer, taskId: 'by-invitation' }
    expect(await verdict(await putUpdate(live, members[0]!, elsewhere, { bytes }))).toEqual([403, 'not-assigned'])
  })

  it('[F18] that was captured is refused the second time, and changes nothing', async () => {
    const [device] = members as [RawDevice]
    const dpop = await dpopFor(live, device, ['HEAD', pathOf()])
    const once = () => live.fetch(pathOf(), { method: 'HEAD', headers: { dpop } })
    expect((await once()).status).toBe(200)
    expect((await once()).status).toBe(401)
    expect(await numAccepted()).toBe(0)
  })

  it.each([
    ['alg none', { alg: 'none' }, ''],
    ['HS256', { alg: 'HS256' }, 'c2ln'],
    ['ES256 for an Ed25519 key', { alg: 'ES256' }, undefined],
    ['another type', { typ: 'jwt' }, undefined],
    ['a key id beside the key', { kid: '../../etc' }, undefined],
    ['a key set to fetch', { jku: 'https://evil.example/keys' }, undefined],
    ['a private key', { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43), d: 'A'.repeat(43) } }, undefined],
    ['a secret for a key', { jwk: { kty: 'oct', k: 'AAAA' } }, undefined],
  ])('[F39] whose proof has %s is 401', async (_, header, replaced) => {
    const [device] = members as [RawDevice]
    const [head = '', claims = '', signature = ''] = (await dpopFor(live, device, ['PUT', pathOf()])).split('.')
    const original = JSON.parse(Buffer.from(head, 'base64url').toString()) as object
    const dpop = `${coded({ ...original, ...header })}.${claims}.${replaced ?? signature}`
    expect(await verdict(await putUpdate(live, device, offer, { bytes, headers: { dpop } }))).toEqual([
      401,
      'unauthorized',
    ])
  })

  it.each([
    ['a day behind', -86_400],
    ['a day ahead', 86_400],
    ['at the beginning of time', -Infinity],
  ])('[F21] of a device whose clock is %s is taken', async (_, offBy) => {
    const device = members[1]!
    const now = Math.floor(systemClock(globalThis).now() / 1000)
    const dpop = await dpopFor(live, device, ['HEAD', pathOf()], { iat: Math.max(0, now + offBy) })
    expect((await live.fetch(pathOf(), { method: 'HEAD', headers: { dpop } })).status).toBe(200)
  })
})

describe('a device that is revoked', () => {
  it('[F17] loses its connection at once, its upload in flight, its next request and its way back', async () => {
    const [, , device, other] = members as [RawDevice, RawDevice, RawDevice, RawDevice]
    const closing = next<Closing>(device.socket, 'closing')
    const halfway = await halfAnUpload(live, device, offer)
    const reason = { reason: 'it lies' }
    expect((await live.asOperator('POST', `/v1/devices/${device.deviceId}/revoke`, reason)).status).toBe(200)
    expect(await closing).toMatchObject({ code: 'revoked' })
    expect(await halfway.verdict).toEqual([401, 'revoked'])
    expect(await verdict(await putUpdate(live, device, offer, { bytes }))).toEqual([401, 'revoked'])
    expect(await ask(await connected(), 'join', joinMessage('digits', device))).toMatchObject({ code: 'revoked' })
    const work = await workFor(live, device)
    expect(await verdict(await enrol(device, { taskId: 'digits', work }))).toEqual([401, 'revoked'])
    expect(await numAccepted()).toBe(0)
    // The others are not harmed.
    expect(await ask(other.socket, 'heartbeat', heartbeat)).toMatchObject({ ok: true, roundNumber: offer.roundNumber })
  })

  it('is on the list with the reason; only an operator may look', async () => {
    const { devices } = await answerOf(await live.asOperator('GET', '/v1/devices?limit=1000'))
    const revoked = (devices as { id: string; reason: string | null }[]).filter(({ reason }) => reason !== null)
    expect(revoked).toMatchObject([{ id: members[2]!.deviceId, reason: 'it lies', tasks: ['digits'] }])
    expect((await live.fetch('/v1/devices')).status).toBe(401)
    const path = `/v1/devices/${members[0]!.deviceId}/revoke`
    expect((await live.fetch(path, { method: 'POST' })).status).toBe(401)
    expect((await live.asOperator('POST', path, {})).status).toBe(400)
    expect((await live.asOperator('POST', `/v1/devices/d_${'A'.repeat(22)}/revoke`, { reason: 'x' })).status).toBe(404)
  })
})

describe('simulated devices', () => {
  it('are the same for the same seed, and others for another', async () => {
    const idOf = async (seed: string) => nodeRuntime({ server: live.url, rng: makeRng(seed) }).keys.publicKey()
    expect(await idOf('a')).toEqual(await idOf('a'))
    expect(await idOf('a')).not.toEqual(await idOf('b'))
  })
})

interface Parts {
  readonly header: string
  readonly claims: string
  readonly signature: string
}
const coded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const withKid = (kid: string, claims: string, signature: string) =>
  `${coded({ alg: 'EdDSA', kid, typ: 'panal-invitation+jwt' })}.${claims}.${signature}`

async function signedBy({ keys }: TestDevice, claims: string): Promise<string> {
  const kid = createHash('sha256').update('stranger').digest('base64url')
  const text = `${coded({ alg: 'EdDSA', kid, typ: 'panal-invitation+jwt' })}.${claims}`
  return `${text}.${Buffer.from(await keys.sign(Buffer.from(text))).toString('base64url')}`
}
