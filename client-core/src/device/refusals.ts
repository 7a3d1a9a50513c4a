import { PanalError, type ErrorCode } from '../protocol/errors.ts'

/** Refusals after which the same device cannot come back as it is. `unauthorized` is one only after enrolling anew. */
export const final: ReadonlySet<ErrorCode> = new Set([
  'bad-request',
  'unsupported-version',
  'forbidden',
  'revoked',
  'invalid-invitation',
  'unknown-task',
  'superseded',
  'unknown-key',
])

/** Refusals that a device answers by joining again, and doing once more what was refused. */
export const needsJoin: ReadonlySet<ErrorCode> = new Set(['not-joined', 'lease-lapsed', 'unauthorized'])

/** What a device finds wrong with the model that it is offered. */
const untrusted: ReadonlySet<ErrorCode> = new Set([
  'unknown-key',
  'bad-signature',
  'rolled-back',
  'manifest-expired',
  'wrong-model',
  'weaker-policy',
])

export const isUntrusted = (error: unknown): boolean => error instanceof PanalError && untrusted.has(error.code)

/** What went wrong, as a session tells it. */
export function described(error: unknown): { readonly code?: ErrorCode; readonly detail: string } {
  if (error instanceof PanalError) return { code: error.code, detail: error.message }
  return { detail: error instanceof Error ? error.message : String(error) }
}
