import type { DeviceStorage } from '@panal/client-core'
import { database } from '../data/database.ts'

/** The session's small durable storage, in this browser's IndexedDB. */
export const browserStorage: DeviceStorage = {
  read: async (key) => (await database()).get('device', key),
  // a copy: the value may be a view into a larger buffer, and IndexedDB would keep the whole of it
  write: async (key, value) => {
    await (await database()).put('device', new Uint8Array(value), key)
  },
  remove: async (key) => (await database()).delete('device', key),
  keys: async (prefix) => (await database()).getAllKeys('device', IDBKeyRange.bound(prefix, `${prefix}\uffff`)),
}
