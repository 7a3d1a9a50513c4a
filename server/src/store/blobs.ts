import type { Readable } from 'node:stream'
import type { BlobKind } from './schema.ts'

/** Immutable files named by their SHA-256. */
export interface BlobStore {
  /** Durable when it resolves: temp file, fdatasync, rename, fsync of the folder. Idempotent. */
  put(bytes: Uint8Array): Promise<string>
  /** The same for bytes that do not fit in memory. @throws PanalError 'too-large' past `maxBytes` */
  putStream(stream: Readable, maxBytes: number): Promise<{ sha256: string; numBytes: number }>
  /** Verified against its name. @throws PanalError 'not-found' */
  read(sha256: string): Promise<Buffer>
  /** Path and size of a blob that is there; undefined otherwise. */
  find(sha256: string): Promise<{ path: string; numBytes: number } | undefined>
}

export const isPublic = (kind: BlobKind): boolean => kind === 'weights' || kind === 'sample'
