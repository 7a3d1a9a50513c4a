import type { Rng } from '../model/rng.ts'
import type { Conditions } from '../protocol/messages.ts'
import type { Channel } from '../transport/channel.ts'
import type { Transfer } from '../transport/transfer.ts'
import type { Clock } from './clock.ts'
import type { DeviceKeys } from './keys.ts'

/** Small durable storage of one device (IndexedDB, a folder, memory). Keys are short ASCII strings. */
export interface DeviceStorage {
  read(key: string): Promise<Uint8Array | undefined>
  write(key: string, value: Uint8Array): Promise<void>
  remove(key: string): Promise<void>
  keys(prefix: string): Promise<string[]>
}

/** All that a platform must offer for a device to live on it. */
export interface DeviceRuntime {
  readonly clock: Clock
  readonly rng: Rng
  readonly storage: DeviceStorage
  readonly keys: DeviceKeys
  /** Scheme, host and port of the server: what this device signs is good there only. */
  readonly origin: string
  readonly transfer: Transfer
  sha256(bytes: Uint8Array): Promise<string>
  connect(signal: AbortSignal): Promise<Channel>
  conditions(): Promise<Conditions>
}
