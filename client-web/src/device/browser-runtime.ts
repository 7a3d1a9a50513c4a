import {
  httpTransfer,
  makeRng,
  socketIoChannel,
  type Conditions,
  type DeviceRuntime,
  type Fetch,
} from '@panal/client-core'
import { clock } from '../clock.ts'
import { browserKeys } from './browser-keys.ts'
import { sha256 } from './sha256.ts'
import { browserStorage } from './storage.ts'

const browserFetch: Fetch = (url, init) => fetch(url, init)

/** What a browser offers a device. `conditions` is asked at each heartbeat: the page keeps it up to date. */
export function browserRuntime(origin: string, conditions: () => Conditions): DeviceRuntime {
  // Chance of this device's own (retry jitter); what it learns is seeded by its assignments.
  const rng = makeRng(crypto.getRandomValues(new Uint32Array(4)).join('-'))
  const keys = browserKeys()
  return {
    clock,
    rng,
    storage: browserStorage,
    keys,
    origin,
    sha256,
    transfer: httpTransfer({ baseUrl: origin, fetch: browserFetch, keys, sha256, clock, rng }),
    connect: async (signal) => socketIoChannel(origin, {}, { clock, signal }),
    conditions: async () => conditions(),
  }
}
