import { sha256 } from '@noble/hashes/sha2.js'
import { Type, type Static } from 'typebox'
import { canonicalJson } from './canonical-json.ts'
import type { GateReport } from './gate-report.ts'
import { Sha256, TaskId, VersionNumber } from './ids.ts'
import { isSignedBy, signed, type ServerKeySet, type VerifyEd25519 } from './statement.ts'

/** What a server says under its signature of a report: which model it judged, and what exactly it found. */
export const ReportSignature = Type.Object(
  {
    statement: Type.Literal('gate-report'),
    taskId: TaskId,
    version: VersionNumber,
    /** The subject: SHA-256 of the model's weights. */
    weightsSha256: Sha256,
    /** Of the same weights with the calibrator moved into them, where these are what is served. */
    servedSha256: Type.Optional(Sha256),
    /** SHA-256 of the report's RFC 8785 JSON. */
    reportSha256: Sha256,
    ...signed,
  },
  { additionalProperties: false },
)
export type ReportSignature = Static<typeof ReportSignature>

/** A report with its signature; null where it was made before reports were signed. */
export interface SignedReport {
  readonly report: GateReport
  readonly signature: ReportSignature | null
}

/** 64 hex digits. @throws Error on a number that JSON cannot hold */
export const reportDigest = (report: GateReport): string =>
  Array.from(sha256(new TextEncoder().encode(canonicalJson(report))), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')

export type ReportProof =
  { readonly ok: true; readonly keyId: string } | { readonly ok: false; readonly because: string }

/**
 * Whether one of these keys vouches for exactly this report. The keys are to come from the server itself, or from whoever
 * noted them down: those in the same file would prove nothing.
 */
export async function verifyReport(
  { report, signature }: SignedReport,
  { keys }: ServerKeySet,
  verify: VerifyEd25519,
): Promise<ReportProof> {
  const no = (because: string): ReportProof => ({ ok: false, because })
  if (signature === null) return no('the report is not signed')
  const key = keys.find(({ kid }) => kid === signature.keyId)
  if (key === undefined) return no(`the key ${signature.keyId} is not one of this server’s`)
  const { kty, crv, x } = key
  if (!(await isSignedBy({ kty, crv, x }, signature, verify))) return no('the signature does not hold')
  if (reportDigest(report) !== signature.reportSha256) return no('the report is not the one that was signed')
  if (report.taskId !== signature.taskId || report.version !== signature.version)
    return no('the signature is of another model')
  return { ok: true, keyId: signature.keyId }
}
