import { Agent } from 'node:http'
import {
  deviceIdOf,
  doWork,
  makeProof,
  makeRng,
  proofTypes,
  protocolVersion,
  type DeviceKeys,
  type EnrolmentChallenge,
} from '@panal/client-core'
import { nodeKeys } from '@panal/simulations'
import { request } from './http.ts'

/** Who a device of the load is. All that it says to prove it is in this file. */
export interface Identity {
  readonly deviceId: string
  readonly keys: DeviceKeys
}

/** Few connections for many enrolments: a device enrols once in its life, and that is not what is measured. */
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

/** The newest nonce that the server has given to anybody here: the same for all, and good for longer than a load takes. */
let nonce = ''
let numMade = 0

/** One is good for any number of devices, for minutes: each does its own work on it. Brings the nonce for their proofs. */
export async function challengeOf(server: string): Promise<EnrolmentChallenge> {
  const asked = await request(`${server}/v1/devices/challenge`, { method: 'GET', agent })
  const challenge = JSON.parse(asked.body.toString()) as EnrolmentChallenge
  nonce = challenge.proofNonce
  return challenge
}

/** Another one at each call, the same ones in each process. */
export async function newIdentity(): Promise<Identity> {
  const keys = nodeKeys(makeRng(`load/${numMade++}`))
  return { deviceId: deviceIdOf(await keys.publicKey()), keys }
}

export async function enrol(server: string, taskId: string, challenge: EnrolmentChallenge): Promise<Identity> {
  const identity = await newIdentity()
  const work = await doWork(challenge.work, identity.deviceId, () => Promise.resolve())
  const url = `${server}/v1/devices`
  const headers = { ...(await proof(identity, 'POST', url)), 'content-type': 'application/json' }
  const payload = Buffer.from(JSON.stringify({ taskId, work }))
  const { status, body } = await request(url, { method: 'POST', agent, headers, body: payload })
  if (status !== 201) throw new Error(`enrolment refused: ${status} ${body.toString()}`)
  return identity
}

/** The payload of `join` on the connection that the server gave this challenge. */
export async function joinPayload(
  { deviceId, keys }: Identity,
  { taskId, idle, challenge, origin }: { taskId: string; idle: boolean; challenge: string; origin: string },
) {
  const claims = { nonce: challenge, taskId, deviceId, origin, protocolVersion }
  return {
    deviceId,
    protocolVersion,
    taskId,
    numExamples: 100,
    conditions: { charging: true, unmetered: true, idle },
    proof: await makeProof(keys, proofTypes.join, claims),
  }
}

/** The headers with which a device proves itself to `method url`. */
export const proof = async ({ keys }: Identity, htm: string, htu: string): Promise<Record<string, string>> => ({
  dpop: await makeProof(keys, proofTypes.request, { htm, htu, iat: 0, nonce }),
})
