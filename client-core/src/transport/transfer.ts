import type { Enrolment, Receipt, UpdateHeader } from '../protocol/messages.ts'

/** Fraction done, 0…1, and bytes so far. */
export type TransferProgress = (fraction: number, bytes: number) => void

/** Bulk transfer over HTTP: resumable, verified by SHA-256, retried with the server's own retry times. */
export interface Transfer {
  /** A new device identity. */
  enrol(signal?: AbortSignal): Promise<Enrolment>
  /** GET /v1/blobs/<sha256>; resumes by Range; the bytes returned have that digest. */
  download(sha256: string, numBytes: number, signal: AbortSignal, onProgress?: TransferProgress): Promise<Uint8Array>
  /** PUT …/updates/<sha256>; resumes at the server's offset; safe to repeat. @throws PanalError with the server's code */
  upload(update: UploadRequest, signal: AbortSignal, onProgress?: TransferProgress): Promise<Receipt>
}

export interface UploadRequest {
  readonly taskId: string
  readonly roundNumber: number
  readonly deviceId: string
  readonly deviceToken: string
  readonly bytes: Uint8Array
  readonly header: Omit<UpdateHeader, 'bytes'>
}
