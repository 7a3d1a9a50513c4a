import { Enrolment } from '../protocol/messages.ts'
import type { DeviceRuntime } from './runtime.ts'
import { readJson, writeJson } from './stored-json.ts'

const key = 'identity'

/** The identity this device was given once, or a new one. @throws PanalError when enrolment fails */
export async function loadIdentity({ storage, transfer }: DeviceRuntime, signal: AbortSignal): Promise<Enrolment> {
  const kept = await readJson(storage, key, Enrolment)
  if (kept !== undefined) return kept
  const identity = await transfer.enrol(signal)
  await writeJson(storage, key, identity)
  return identity
}

/** For a server that knows the identity no more: the next `loadIdentity` enrols anew. */
export const forgetIdentity = ({ storage }: DeviceRuntime): Promise<void> => storage.remove(key)
