import type { ErrorCode } from '../protocol/errors.ts'

/** Refusals after which the same device cannot come back as it is. `unauthorized` is one only after enrolling anew. */
export const final: ReadonlySet<ErrorCode> = new Set([
  'bad-request',
  'unsupported-version',
  'forbidden',
  'revoked',
  'invalid-invitation',
  'unknown-task',
  'superseded',
])

/** Refusals that a device answers by joining again, and doing once more what was refused. */
export const needsJoin: ReadonlySet<ErrorCode> = new Set(['not-joined', 'lease-lapsed', 'unauthorized'])
