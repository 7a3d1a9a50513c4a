import { Type } from 'typebox'
import { deviceIdOf } from '../protocol/keys.ts'
import { DeviceId } from '../protocol/ids.ts'
import type { Join } from '../protocol/messages.ts'
import { makeProof, newProofId, proofTypes } from '../protocol/proof.ts'
import { protocolVersion } from '../protocol/version.ts'
import type { DeviceRuntime } from './runtime.ts'
import { readJson, writeJson } from './stored-json.ts'
import { pinnedServerKey, pinServerKeys } from './trust.ts'

/** Where a device's storage says that it has enrolled for a task. */
export const keyOf = (taskId: string) => `enrolled/${taskId}`
/** Under which id this device enrolled for a task: another key would be another device. */
const Enrolled = Type.Object({ deviceId: DeviceId })

export interface EnrolOptions {
  readonly taskId: string
  /** For a task that takes devices by invitation. */
  readonly invitation?: string | undefined
}

/**
 * This device's id, enrolled for the task: now, if it was not yet. Enrolling is when a device comes to know its server's
 * key. @throws PanalError when enrolment fails, 'unknown-key' where the server is another than the one known
 */
export async function loadIdentity(
  runtime: DeviceRuntime,
  { taskId, invitation }: EnrolOptions,
  signal: AbortSignal,
): Promise<DeviceId> {
  const { keys, storage, transfer } = runtime
  const deviceId = deviceIdOf(await keys.publicKey())
  const kept = await readJson(storage, keyOf(taskId), Enrolled)
  if (kept?.deviceId === deviceId && (await pinnedServerKey(runtime)) !== undefined) return deviceId
  const request = { taskId, ...(invitation === undefined ? {} : { invitation }) }
  const { serverKeys } = await transfer.enrol(request, signal)
  await pinServerKeys(runtime, serverKeys)
  await writeJson(storage, keyOf(taskId), { deviceId })
  return deviceId
}

/** For a server that knows the device no more: the next `loadIdentity` enrols anew. */
export const forgetIdentity = ({ storage }: DeviceRuntime, taskId: string): Promise<void> =>
  storage.remove(keyOf(taskId))

/** A join under this device's signature, for the one connection that has this challenge; and the id of its proof. */
export async function signedJoin(
  { keys, origin }: Pick<DeviceRuntime, 'keys' | 'origin'>,
  join: Omit<Join, 'protocolVersion' | 'proof'>,
  challenge: string,
): Promise<{ readonly join: Join; readonly proofId: string }> {
  const { taskId, deviceId } = join
  const jti = newProofId(keys)
  const claims = { nonce: challenge, taskId, deviceId, origin, protocolVersion, jti }
  return { join: { protocolVersion, ...join, proof: await makeProof(keys, proofTypes.join, claims) }, proofId: jti }
}
