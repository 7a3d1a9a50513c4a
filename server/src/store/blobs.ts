import type { Readable } from 'node:stream'
import type { BlobKind } from './schema.ts'

/** Sees bytes as they come, and may refuse them by throwing. */
export interface ByteReader {
  take(bytes: Uint8Array): void
  end(): unknown
}

/** Immutable files named by their SHA-256. */
export interface BlobStore {
  /** Durable when it resolves: temp file, fdatasync, rename, fsync of the folder. Idempotent. */
  put(bytes: Uint8Array): Promise<string>
  /**
   * The same for bytes that do not fit in memory. What the reader throws keeps all of them out.
   * @throws PanalError 'too-large' past `maxBytes`
   */
  putStream(stream: Readable, maxBytes: number, reader?: ByteReader): Promise<{ sha256: string; numBytes: number }>
  /** Verified against its name. @throws PanalError 'not-found' */
  read(sha256: string): Promise<Buffer>
  /** The same check without keeping the bytes. @throws DamagedBlobError, or PanalError 'not-found' */
  verify(sha256: string): Promise<void>
  /** A blob that is there, unverified; undefined otherwise. */
  find(sha256: string): Promise<FoundBlob | undefined>
}

export interface FoundBlob {
  readonly path: string
  readonly numBytes: number
  /** When the file was last written, epoch ms. */
  readonly changedAt: number
}

export const isPublic = (kind: BlobKind): boolean => kind === 'weights' || kind === 'sample'
