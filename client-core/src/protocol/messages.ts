import { Type, type Static, type TSchema } from 'typebox'
import { errorCodes, type ErrorCode, type Refusal } from './errors.ts'
import { DeviceId, RoundNumber, Sha256, TaskId, VersionNumber } from './ids.ts'
import { ModelManifest, type Greeting } from './manifest.ts'
import { Proof } from './proof.ts'
import { CodecName, type TaskCard } from './task.ts'

const closed = { additionalProperties: false }
const Ms = Type.Integer({ minimum: 0 })

export const Conditions = Type.Object(
  { charging: Type.Boolean(), unmetered: Type.Boolean(), idle: Type.Boolean() },
  closed,
)
export type Conditions = Static<typeof Conditions>

/** What a device is doing, as its heartbeat says. `paused` devices are not asked. */
export const DevicePhase = Type.Union([
  Type.Literal('waiting'),
  Type.Literal('downloading'),
  Type.Literal('training'),
  Type.Literal('uploading'),
  Type.Literal('paused'),
])
export type DevicePhase = Static<typeof DevicePhase>

// ── device → server, over Socket.IO, each acknowledged ──────────────────────────────────────────────────────────────

export const Join = Type.Object(
  {
    protocolVersion: Type.Integer({ minimum: 0, maximum: 1e6 }),
    taskId: TaskId,
    deviceId: DeviceId,
    numExamples: Type.Integer({ minimum: 0, maximum: 1e9 }),
    conditions: Conditions,
    /** `JoinClaims` under the device's signature. */
    proof: Proof,
  },
  closed,
)
export type Join = Static<typeof Join>

export const Heartbeat = Type.Object(
  {
    phase: DevicePhase,
    roundNumber: Type.Optional(RoundNumber),
    progress: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    conditions: Conditions,
  },
  closed,
)
export type Heartbeat = Static<typeof Heartbeat>

/** The device gives an assignment back: it will send no update for this round. */
export const Decline = Type.Object(
  {
    roundNumber: RoundNumber,
    /** `untrusted`: what was offered did not hold against the server's signature, or against what was agreed to. */
    reason: Type.Union([
      Type.Literal('paused'),
      Type.Literal('not-eligible'),
      Type.Literal('failed'),
      Type.Literal('untrusted'),
    ]),
  },
  closed,
)
export type Decline = Static<typeof Decline>

export const Leave = Type.Object({}, closed)
/** Ask for `round` and `promoted` events of a task without joining it (pages that only look). */
export const Watch = Type.Object({ taskId: TaskId }, closed)

/** Every event a client may send, by its Socket.IO name. */
export const clientEvents = {
  join: Join,
  heartbeat: Heartbeat,
  decline: Decline,
  leave: Leave,
  watch: Watch,
} as const satisfies Record<string, TSchema>
export type ClientEventName = keyof typeof clientEvents
export type ClientEvent<Name extends ClientEventName> = Static<(typeof clientEvents)[Name]>

// ── server → device ─────────────────────────────────────────────────────────────────────────────────────────────────

/** The offer of one round to one device. */
export const Assignment = Type.Object(
  {
    taskId: TaskId,
    roundNumber: RoundNumber,
    /** The base: what to train from, and how. */
    manifest: ModelManifest,
    /** Seed of the device's local chance (order of examples): derived from task, round and device. */
    seed: Type.String({ maxLength: 200 }),
    deadlineInMs: Ms,
  },
  closed,
)
export type Assignment = Static<typeof Assignment>

export const RoundPhase = Type.Union([
  Type.Literal('collecting'),
  Type.Literal('aggregating'),
  Type.Literal('gating'),
  Type.Literal('closed'),
])
export type RoundPhase = Static<typeof RoundPhase>
export const RoundOutcome = Type.Union([
  Type.Literal('promoted'),
  Type.Literal('held'),
  Type.Literal('rejected'),
  Type.Literal('abandoned'),
])
export type RoundOutcome = Static<typeof RoundOutcome>

/**
 * What worked on the updates of a round, on what, for how long, and how much of them it read: once for each pass. Open, for
 * only who watches is told: a page of an older make leaves alone what it does not know [P13].
 */
export const Aggregation = Type.Object({
  /** `fold`: added up one after another, without an engine. */
  engine: Type.String({ maxLength: 40 }),
  device: Type.String({ maxLength: 300 }),
  ms: Ms,
  bytes: Ms,
  /** The engine that lost its device meanwhile, so that this one began anew. */
  lost: Type.Optional(Type.String({ maxLength: 40 })),
  /** What trained on the task's root set, for a rule that uses one. */
  rootBackend: Type.Optional(Type.String({ maxLength: 300 })),
})
export type Aggregation = Static<typeof Aggregation>

/** 10⁹ bytes a second; undefined where it was too quick for a clock of milliseconds to tell, or so little that it tells of waiting. */
export const bandwidth = ({ ms, bytes }: Pick<Aggregation, 'ms' | 'bytes'>): number | undefined =>
  ms < leastTellingMs || bytes < leastTellingBytes ? undefined : bytes / ms / 1e6
const leastTellingMs = 10
const leastTellingBytes = 1e6

/** A round as everybody may see it. */
export const RoundSummary = Type.Object(
  {
    taskId: TaskId,
    number: RoundNumber,
    phase: RoundPhase,
    outcome: Type.Optional(RoundOutcome),
    reason: Type.Optional(Type.String()),
    baseVersion: VersionNumber,
    candidateVersion: Type.Optional(VersionNumber),
    openedAt: Ms,
    deadlineAt: Ms,
    closedAt: Type.Optional(Ms),
    numInvited: Ms,
    numAccepted: Ms,
    numRejected: Ms,
    numDropped: Ms,
    numLate: Ms,
    /** Of those invited: asked in an earlier round, and at work since then. Absent: none. */
    numCarried: Type.Optional(Ms),
    /** Of the updates that count, in rounds; absent where no device was carried. */
    meanStaleness: Type.Optional(Type.Number({ minimum: 0 })),
    reportingGoal: Ms,
    bytesDown: Ms,
    bytesUp: Ms,
    /** Wall time of the phases so far, ms; `trainMs` is the mean that the devices reported. */
    trainMs: Type.Optional(Type.Number()),
    collectMs: Type.Optional(Ms),
    aggregateMs: Type.Optional(Ms),
    gateMs: Type.Optional(Ms),
    /**
     * While the gate judges: the check that is being made, how many were made, and how many there are. No device is told;
     * open as `Aggregation`.
     */
    judging: Type.Optional(Type.Object({ check: Type.String({ maxLength: 80 }), numDone: Ms, numChecks: Ms })),
    /** Once aggregated. No device is told. */
    aggregation: Type.Optional(Aggregation),
    /** Of the candidate, on the evaluation set. */
    accuracy: Type.Optional(Type.Number()),
    logLoss: Type.Optional(Type.Number()),
  },
  closed,
)
export type RoundSummary = Static<typeof RoundSummary>

export const Pointers = Type.Object(
  {
    head: VersionNumber,
    champion: Type.Union([VersionNumber, Type.Null()]),
    anchor: Type.Union([VersionNumber, Type.Null()]),
  },
  closed,
)
export type Pointers = Static<typeof Pointers>

export const Promoted = Type.Object(
  {
    taskId: TaskId,
    champion: VersionNumber,
    previous: Type.Union([VersionNumber, Type.Null()]),
    reason: Type.String(),
  },
  closed,
)
export type Promoted = Static<typeof Promoted>

const Code = Type.String({ enum: Object.keys(errorCodes), pattern: '^[a-z-]+$' })

/** The assignment is void: stop work on it. */
export const Withdrawn = Type.Object({ roundNumber: RoundNumber, code: Code, retryAfterMs: Ms }, closed)
export type Withdrawn = Static<typeof Withdrawn>

/** The server is about to close this connection. */
export const Closing = Type.Object({ code: Code, detail: Type.String(), retryAfterMs: Type.Optional(Ms) }, closed)
export type Closing = Static<typeof Closing>

/** Every event a server may send, by its Socket.IO name. A device drops what does not match. */
export const serverEvents = {
  assignment: Assignment,
  withdrawn: Withdrawn,
  round: RoundSummary,
  promoted: Promoted,
  closing: Closing,
} as const satisfies Record<string, TSchema>
export type ServerEventName = keyof typeof serverEvents
export type ServerEvent<Name extends ServerEventName> = Static<(typeof serverEvents)[Name]>

/** Answers to the client's events. */
export interface JoinReply {
  readonly ok: true
  readonly task: TaskCard
  readonly pointers: Pointers
  readonly round: RoundSummary | null
  /** The offer this device still holds, if any: re-sent so that a lost push costs nothing. */
  readonly assignment: Assignment | null
  readonly greeting: Greeting
  /** Makes the device's next request proofs fresh. */
  readonly proofNonce?: string
}
export interface HeartbeatReply {
  readonly ok: true
  /** The round the device is held to be working on; null when the server expects nothing. */
  readonly roundNumber: number | null
  /** When the next round is expected, for a waiting device; null if unknown. */
  readonly nextRoundInMs: number | null
  readonly proofNonce?: string
}
export interface Replies {
  join: JoinReply | Refusal
  heartbeat: HeartbeatReply | Refusal
  decline: { readonly ok: true } | Refusal
  leave: { readonly ok: true } | Refusal
  watch: { readonly ok: true } | Refusal
}

// ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Longer than any deadline: eleven days. */
export const maxTrainMs = 1e9

/** What a device says about the update it uploads: the `Panal-Update` request header, as JSON. */
export const UpdateHeader = Type.Object(
  {
    codec: CodecName,
    bytes: Type.Integer({ minimum: 1, maximum: 2 ** 40 }),
    baseVersion: VersionNumber,
    /** Of the weights that training started from: says that both ends mean the same by `baseVersion`. */
    baseSha256: Type.Optional(Sha256),
    numExamples: Type.Integer({ minimum: 1, maximum: 2 ** 31 }),
    numSteps: Type.Integer({ minimum: 0, maximum: 2 ** 31 }),
    lossBefore: Type.Optional(Type.Number()),
    lossAfter: Type.Optional(Type.Number()),
    /** Bounded, so that no sum of many overflows: a summary with an infinite mean would match no schema. */
    trainMs: Type.Optional(Type.Number({ minimum: 0, maximum: maxTrainMs })),
  },
  closed,
)
export type UpdateHeader = Static<typeof UpdateHeader>

/** Body of every refused HTTP request. */
export const ErrorBody = Type.Object({
  code: Code,
  detail: Type.String(),
  retryAfterMs: Type.Optional(Ms),
  errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  round: Type.Optional(RoundSummary),
})
export type ErrorBody = Static<typeof ErrorBody> & { code: ErrorCode }
