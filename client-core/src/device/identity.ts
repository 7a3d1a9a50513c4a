import { Type } from 'typebox'
import { deviceIdOf } from '../protocol/keys.ts'
import { DeviceId } from '../protocol/ids.ts'
import type { Join } from '../protocol/messages.ts'
import { makeProof, proofTypes } from '../protocol/proof.ts'
import { protocolVersion } from '../protocol/version.ts'
import type { DeviceRuntime } from './runtime.ts'
import { readJson, writeJson } from './stored-json.ts'

const keyOf = (taskId: string) => `enrolled/${taskId}`
/** Under which id this device enrolled for a task: another key would be another device. */
const Enrolled = Type.Object({ deviceId: DeviceId })

export interface EnrolOptions {
  readonly taskId: string
  /** For a task that takes devices by invitation. */
  readonly invitation?: string | undefined
}

/** This device's id, enrolled for the task: now, if it was not yet. @throws PanalError when enrolment fails */
export async function loadIdentity(
  { keys, storage, transfer }: DeviceRuntime,
  { taskId, invitation }: EnrolOptions,
  signal: AbortSignal,
): Promise<DeviceId> {
  const deviceId = deviceIdOf(await keys.publicKey())
  const kept = await readJson(storage, keyOf(taskId), Enrolled)
  if (kept?.deviceId === deviceId) return deviceId
  await transfer.enrol({ taskId, ...(invitation === undefined ? {} : { invitation }) }, signal)
  await writeJson(storage, keyOf(taskId), { deviceId })
  return deviceId
}

/** For a server that knows the device no more: the next `loadIdentity` enrols anew. */
export const forgetIdentity = ({ storage }: DeviceRuntime, taskId: string): Promise<void> =>
  storage.remove(keyOf(taskId))

/** A join under this device's signature, for the one connection that has this challenge. */
export async function signedJoin(
  { keys, origin }: Pick<DeviceRuntime, 'keys' | 'origin'>,
  join: Omit<Join, 'protocolVersion' | 'proof'>,
  challenge: string,
): Promise<Join> {
  const { taskId, deviceId } = join
  const claims = { nonce: challenge, taskId, deviceId, origin, protocolVersion }
  return { protocolVersion, ...join, proof: await makeProof(keys, proofTypes.join, claims) }
}
