import type { Enrolment, EnrolmentRequest } from '../protocol/enrolment.ts'
import type { Receipt } from '../protocol/manifest.ts'
import type { UpdateHeader } from '../protocol/messages.ts'
import type { ServerKeySet } from '../protocol/statement.ts'

/** Fraction done, 0…1, and bytes so far. */
export type TransferProgress = (fraction: number, bytes: number) => void

/**
 * Bulk transfer over HTTP: resumable, verified by SHA-256, retried with the server's own retry times for as long as the
 * signal lets it. [P20]
 */
export interface Transfer {
  /** Makes this device's key known to the server, for one task. Doing it again changes nothing. */
  enrol(request: Pick<EnrolmentRequest, 'taskId' | 'invitation'>, signal: AbortSignal): Promise<Enrolment>
  /** GET /v1/keys: the server's public keys, newest first. */
  serverKeys(signal: AbortSignal): Promise<ServerKeySet>
  /** A newer nonce of the server's, for the proofs of the next requests. */
  useNonce(nonce: string): void
  /** GET /v1/blobs/<sha256>; resumes by Range; the bytes returned have that digest. */
  download(sha256: string, numBytes: number, signal: AbortSignal, onProgress?: TransferProgress): Promise<Uint8Array>
  /** PUT …/updates/<sha256>; resumes at the server's offset; safe to repeat. @throws PanalError with the server's code */
  upload(update: UploadRequest, signal: AbortSignal, onProgress?: TransferProgress): Promise<Receipt>
}

export interface UploadRequest {
  readonly taskId: string
  readonly roundNumber: number
  readonly bytes: Uint8Array
  /** Of the bytes. */
  readonly sha256: string
  readonly header: Omit<UpdateHeader, 'bytes'>
}
