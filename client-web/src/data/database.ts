import type { PublicJwk } from '@panal/client-core'
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'

/** One digit that was drawn here and labelled. Never leaves this browser. */
export interface Drawing {
  readonly id?: number
  readonly taskId: string
  readonly label: number
  /** 784 bytes: what the model trains on. */
  readonly pixels: Uint8Array<ArrayBuffer>
  readonly drawnAt: number
}

/** A CSV file that was chosen here. Never leaves this browser. */
export interface OwnTable {
  readonly taskId: string
  readonly fileName: string
  readonly text: string
  readonly chosenAt: number
}

/** This browser's key. WebCrypto's cannot be read out, not even by this page. */
export type KeptKey = { readonly publicKey: PublicJwk } & (
  | { readonly kind: 'webcrypto'; readonly privateKey: CryptoKey }
  | { readonly kind: 'software'; readonly secretKey: Uint8Array<ArrayBuffer> }
)

interface PanalSchema extends DBSchema {
  keys: { key: string; value: KeptKey }
  /** What client-core's session keeps: who it is, the server's key, base weights by hash, the ledger. */
  device: { key: string; value: Uint8Array<ArrayBuffer> }
  drawings: { key: number; value: Drawing; indexes: { taskId: string } }
  tables: { key: string; value: OwnTable }
}

let opened: Promise<IDBPDatabase<PanalSchema>> | undefined

/** The page and its worker open the same database. */
export const database = (): Promise<IDBPDatabase<PanalSchema>> =>
  (opened ??= openDB<PanalSchema>('panal', 3, {
    upgrade(db, from) {
      // What the ledger has held since then.
      if (from === 1 || from === 2) (db as unknown as IDBDatabase).deleteObjectStore('contributions')
      if (from < 2) db.createObjectStore('keys')
      if (from >= 1) return
      db.createObjectStore('device')
      db.createObjectStore('drawings', { keyPath: 'id', autoIncrement: true }).createIndex('taskId', 'taskId')
      db.createObjectStore('tables', { keyPath: 'taskId' })
    },
    // A newer version of this page wants to change the database: it must not wait for this one to be closed.
    blocking: (_current, _wanted, event) => (event.target as IDBDatabase).close(),
    terminated() {
      opened = undefined
    },
  }))
