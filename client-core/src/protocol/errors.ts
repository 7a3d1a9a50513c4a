/**
 * The closed table of codes. Every refusal that crosses the wire carries one of these; the HTTP status follows from it.
 * `docs/errors.md` lists the same codes, and a test holds the two together.
 */
export const errorCodes = {
  // the request as such
  'bad-request': { status: 400, meaning: 'the message does not match its schema' },
  'bad-update-header': { status: 400, meaning: 'the Panal-Update header is missing or does not match its schema' },
  'length-mismatch': { status: 400, meaning: 'the body is shorter or longer than declared' },
  'not-found': { status: 404, meaning: 'there is nothing at this address' },
  'too-slow': { status: 408, meaning: 'the request did not arrive in time' },
  'too-large': { status: 413, meaning: 'the body is larger than this model can need' },
  'unsupported-media-type': { status: 415, meaning: 'the content type is not accepted here' },
  'unsupported-encoding': { status: 415, meaning: 'a Content-Encoding was given; updates travel as raw octets' },
  'bad-offset': { status: 416, meaning: 'the resumed upload does not start where the server stopped' },
  'unsupported-version': { status: 426, meaning: 'this server does not speak the client’s protocol version' },
  'rate-limited': { status: 429, meaning: 'too many requests; try again after the given time' },
  internal: { status: 500, meaning: 'the server failed; nothing was accepted' },
  unreachable: { status: 504, meaning: 'the device could not reach the server, or got no answer in time' },
  draining: { status: 503, meaning: 'the server is shutting down; try again after the given time' },
  busy: { status: 503, meaning: 'the server has as many uploads as it can take; try again after the given time' },
  'disk-full': { status: 507, meaning: 'the server has no space to keep the update; try again after the given time' },
  // who is asking
  unauthorized: { status: 401, meaning: 'no valid credential' },
  forbidden: { status: 403, meaning: 'this credential may not do that' },
  revoked: { status: 401, meaning: 'this device was revoked' },
  quarantined: { status: 403, meaning: 'this device is in quarantine: it may join, and nothing that it sends counts' },
  'stale-proof': {
    status: 401,
    meaning: 'the nonce of the proof is old, or the proof was used before; sign again with the nonce of this answer',
  },
  'invalid-invitation': { status: 401, meaning: 'the invitation is not for this task, used, expired or not ours' },
  'wrong-work': { status: 401, meaning: 'the proof of work is missing, wrong or too old; ask for a new challenge' },
  'link-used': { status: 401, meaning: 'the one-time link is unknown, used or expired' },
  'sign-in-refused': { status: 401, meaning: 'there is nobody of this name with this password' },
  'oidc-failed': { status: 401, meaning: 'the identity provider’s answer did not hold' },
  'oidc-refused': {
    status: 403,
    meaning: 'the identity provider knows this person, and this server does not let them in',
  },
  'oidc-unreachable': { status: 502, meaning: 'the identity provider does not answer' },
  'not-joined': { status: 401, meaning: 'the device has not joined this task' },
  superseded: { status: 409, meaning: 'a newer connection of the same device took over' },
  // the round
  'unknown-task': { status: 404, meaning: 'no task has this id' },
  'unknown-round': { status: 404, meaning: 'the task has no such round' },
  'not-assigned': { status: 403, meaning: 'the device is not in the cohort of this round' },
  'stale-round': { status: 410, meaning: 'the round is over; the current round is in the body' },
  'round-closed': { status: 410, meaning: 'the round closed before the update was complete; it did not count' },
  'future-round': { status: 409, meaning: 'the round has not been opened yet' },
  'wrong-base': { status: 409, meaning: 'the update starts from another version than the round does' },
  'conflicting-update': { status: 409, meaning: 'the device has already sent other bytes for this round' },
  'lease-lapsed': { status: 409, meaning: 'the device was silent for longer than its lease' },
  'not-eligible': { status: 409, meaning: 'the device does not meet the task’s conditions now' },
  'task-paused': { status: 409, meaning: 'the task is paused' },
  'nobody-needed': { status: 409, meaning: 'the device was not selected; try again after the given time' },
  // the update
  'digest-mismatch': { status: 422, meaning: 'the bytes do not have the SHA-256 that names them' },
  'wrong-length': { status: 422, meaning: 'the update does not have the model’s number of params' },
  undecodable: { status: 422, meaning: 'the codec cannot read these bytes' },
  'unknown-codec': { status: 422, meaning: 'the update is not in the codec that the plan names' },
  'non-finite': { status: 422, meaning: 'the update has a NaN or an infinite value, or its norm overflows' },
  'norm-too-large': { status: 422, meaning: 'the L2 norm of the update is over the task’s cap' },
  'weight-out-of-range': { status: 422, meaning: 'numExamples is outside what the task accepts' },
  // what a device refuses of its server
  'unknown-key': {
    status: 421,
    meaning: 'the server signs with a key that the one this device knows does not vouch for',
  },
  'bad-signature': {
    status: 421,
    meaning: 'the signature of the server’s statement is wrong, or it says something else',
  },
  'rolled-back': { status: 421, meaning: 'the model is older than one that this device has seen' },
  'manifest-expired': { status: 421, meaning: 'the manifest of the model has expired' },
  'wrong-model': { status: 421, meaning: 'the model is not the one that the task describes' },
  'weaker-policy': { status: 421, meaning: 'the round protects this device less than it was promised' },
  // administration
  'invalid-task': { status: 400, meaning: 'the task document has errors; each is listed with its path' },
  'task-exists': { status: 409, meaning: 'a task with this id exists already' },
  'unknown-dataset': { status: 404, meaning: 'no dataset has this digest' },
  'invalid-dataset': { status: 422, meaning: 'the dataset does not fit the task' },
  'unknown-version': { status: 404, meaning: 'the task has no such version' },
  'not-promotable': { status: 409, meaning: 'this version did not pass the integrity checks' },
  'gate-rejected': { status: 409, meaning: 'the gate rejected this version' },
  'not-held': { status: 409, meaning: 'only a version that the gate has held can be judged again' },
  'being-judged': { status: 409, meaning: 'another version of this task is being judged again' },
  'not-replayable': { status: 409, meaning: 'the round cannot be replayed like that; the detail says why' },
  'no-champion': { status: 404, meaning: 'no version of this task has been promoted yet' },
  'weak-password': { status: 422, meaning: 'the password is too short, too long or too easily guessed' },
  'unknown-account': { status: 404, meaning: 'nobody has an account of this name' },
  'account-exists': { status: 409, meaning: 'there is an account of this name already' },
  'last-owner': { status: 409, meaning: 'this is the last owner; nobody could administer the server' },
  'same-person': { status: 403, meaning: 'a second person has to approve what the first asked for' },
  'request-over': { status: 409, meaning: 'the request was decided, expired or lapsed, or the champion has moved' },
  'nothing-to-roll-back': { status: 409, meaning: 'there is no earlier champion' },
} as const satisfies Record<string, { status: number; meaning: string }>

export type ErrorCode = keyof typeof errorCodes

/** Why one update was refused: the part of the table that an `UpdateCheck` or `admit` may answer with. */
export type RejectCode = Extract<
  ErrorCode,
  | 'not-joined'
  | 'not-assigned'
  | 'stale-round'
  | 'round-closed'
  | 'future-round'
  | 'wrong-base'
  | 'conflicting-update'
  | 'lease-lapsed'
  | 'too-large'
  | 'bad-offset'
  | 'length-mismatch'
  | 'digest-mismatch'
  | 'wrong-length'
  | 'undecodable'
  | 'unknown-codec'
  | 'non-finite'
  | 'norm-too-large'
  | 'weight-out-of-range'
  | 'busy'
  | 'revoked'
  | 'draining'
  | 'disk-full'
>

/** An expected refusal, as a value. */
export interface Refusal<Code extends string = ErrorCode> {
  readonly ok: false
  readonly code: Code
  /** A sentence for people: what was wrong, and what to do. Never contains what the client sent. */
  readonly detail: string
  readonly retryAfterMs?: number
}

export type Verdict<Code extends string = ErrorCode> = { readonly ok: true } | Refusal<Code>

export const ok: { readonly ok: true } = { ok: true }

export const refuse = <Code extends ErrorCode>(code: Code, detail?: string, retryAfterMs?: number): Refusal<Code> => ({
  ok: false,
  code,
  detail: detail ?? errorCodes[code].meaning,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})

/** The same refusal where a value cannot travel: thrown at the edges (HTTP handlers, the device's transport). */
export class PanalError extends Error {
  override readonly name = 'PanalError'
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined
  /** More fields for the reply's body, such as the list of schema errors or the current round. */
  readonly extra: Readonly<Record<string, unknown>>
  constructor(
    code: ErrorCode,
    detail?: string,
    options: { cause?: unknown; retryAfterMs?: number; extra?: Record<string, unknown> } = {},
  ) {
    super(detail ?? errorCodes[code].meaning, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.extra = options.extra ?? {}
  }
  get status(): number {
    return errorCodes[this.code].status
  }
}

/** The value inside an ok verdict, or the refusal thrown. */
export function orThrow<V extends { readonly ok: true }>(verdict: V | Refusal): V {
  if (verdict.ok) return verdict
  throw new PanalError(verdict.code, verdict.detail, {
    ...(verdict.retryAfterMs === undefined ? {} : { retryAfterMs: verdict.retryAfterMs }),
  })
}
