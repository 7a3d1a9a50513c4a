import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import type { DeviceStorage } from './runtime.ts'

/** What is kept under `key`, if it is there and matches; damaged or foreign content counts as absent. */
export async function readJson<S extends TSchema>(
  storage: DeviceStorage,
  key: string,
  schema: S,
): Promise<Static<S> | undefined> {
  const bytes = await storage.read(key)
  return bytes && parseJson(bytes, schema)
}

/** Undefined where it is no JSON, or does not match. */
export function parseJson<S extends TSchema>(bytes: Uint8Array, schema: S): Static<S> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return Value.Check(schema, value) ? value : undefined
  } catch {
    return undefined
  }
}

export const writeJson = (storage: DeviceStorage, key: string, value: unknown): Promise<void> =>
  storage.write(key, new TextEncoder().encode(JSON.stringify(value)))
