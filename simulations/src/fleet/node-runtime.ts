import { createHash } from 'node:crypto'
import {
  httpTransfer,
  socketIoChannel,
  systemClock,
  type Conditions,
  type DeviceKeys,
  type DeviceRuntime,
  type DeviceStorage,
  type RetryPolicy,
  type Rng,
  type SocketIoOptions,
} from '@panal/client-core'
import { nodeFetch } from './node-fetch.ts'
import { nodeKeys } from './node-keys.ts'

export interface NodeRuntimeOptions {
  /** Scheme, host and port. */
  readonly server: string
  readonly rng: Rng
  readonly storage?: DeviceStorage
  /** How soon it tries again what failed. Default: as a browser does. */
  readonly retry?: RetryPolicy & Pick<SocketIoOptions, 'reconnectMinMs' | 'reconnectMaxMs'>
  /** Who the device is. Default: a new key, drawn from `rng` so that a run can be repeated. */
  readonly keys?: DeviceKeys
}

/** One for the process: its connections are shared by all devices of a thread. */
const fetch = nodeFetch()

const onMains: Conditions = { charging: true, unmetered: true, idle: true }

/** A device that is a Node process: Node's own HTTP, WebSocket and SHA-256; storage that ends with it by default. */
export function nodeRuntime(options: NodeRuntimeOptions): DeviceRuntime {
  const { server, rng, retry, storage = memoryStorage(), keys = nodeKeys(rng.fork('key')) } = options
  const clock = systemClock({ setTimeout, clearTimeout })
  const sha256 = (bytes: Uint8Array) => Promise.resolve(createHash('sha256').update(bytes).digest('hex'))
  return {
    clock,
    rng,
    storage,
    keys,
    origin: new URL(server).origin,
    sha256,
    transfer: httpTransfer({
      baseUrl: server,
      fetch,
      keys,
      sha256,
      clock,
      rng,
      ...(retry === undefined ? {} : { retry }),
    }),
    connect: (signal) => Promise.resolve(socketIoChannel(server, retry ?? {}, { clock, signal })),
    conditions: () => Promise.resolve(onMains),
  }
}

export function memoryStorage(): DeviceStorage {
  const kept = new Map<string, Uint8Array>()
  return {
    read: (key) => Promise.resolve(kept.get(key)),
    write(key, value) {
      kept.set(key, value.slice())
      return Promise.resolve()
    },
    remove(key) {
      kept.delete(key)
      return Promise.resolve()
    },
    keys: (prefix) => Promise.resolve([...kept.keys()].filter((key) => key.startsWith(prefix))),
  }
}
