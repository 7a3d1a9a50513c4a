import { Type } from 'typebox'
import type { ModelManifest } from '../protocol/manifest.ts'
import type { TransferProgress } from '../transport/transfer.ts'
import type { DeviceRuntime } from './runtime.ts'
import { readJson, writeJson } from './stored-json.ts'

/** Weights kept on a device: the round's own, and the one before for a base that has not moved. */
const numKept = 2
const prefix = 'blob/'
/** Digests of the kept weights, the most recently used first. */
const orderKey = 'blob-order'
const Order = Type.Array(Type.String())

export interface BaseWeights {
  readonly bytes: Uint8Array
  /** 0 when they were on the device already. */
  readonly bytesDown: number
}

/** The weights that a manifest names: from this device if they are there and undamaged, else from the server. */
export async function baseWeights(
  runtime: DeviceRuntime,
  { weightsSha256, numBytes }: Pick<ModelManifest, 'weightsSha256' | 'numBytes'>,
  signal: AbortSignal,
  onProgress?: TransferProgress,
): Promise<BaseWeights> {
  const { storage, transfer } = runtime
  const kept = await storage.read(prefix + weightsSha256)
  if (kept !== undefined && (await runtime.sha256(kept)) === weightsSha256) {
    await keepNewest(runtime, weightsSha256)
    return { bytes: kept, bytesDown: 0 }
  }
  const bytes = await transfer.download(weightsSha256, numBytes, signal, onProgress)
  try {
    await storage.write(prefix + weightsSha256, bytes)
    await keepNewest(runtime, weightsSha256)
  } catch {
    // A full or forbidden storage costs a download per round, never the round.
  }
  return { bytes, bytesDown: bytes.length }
}

async function keepNewest({ storage }: DeviceRuntime, newest: string): Promise<void> {
  const before = (await readJson(storage, orderKey, Order)) ?? []
  const order = [newest, ...before.filter((each) => each !== newest)].slice(0, numKept)
  if (order.join() !== before.join()) await writeJson(storage, orderKey, order)
  for (const key of await storage.keys(prefix)) if (!order.includes(key.slice(prefix.length))) await storage.remove(key)
}
