import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { Type, type Static } from 'typebox'
import type { Layout } from '../model/layout.ts'
import { canonicalJson } from './canonical-json.ts'
import { DeviceId, RoundNumber, Sha256, TaskId, VersionNumber } from './ids.ts'
import { signed } from './statement.ts'
import { Plan, type TaskCard } from './task.ts'

const closed = { additionalProperties: false }
const Ms = Type.Integer({ minimum: 0 })

/** What bounds how much one update can tell of its device. */
export const Privacy = Type.Object(
  {
    /** L2 bound that the device scales its delta down to; null: none. */
    clipNorm: Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()]),
    /** Standard deviation of the noise that the device itself adds, in params units; 0: none. */
    noiseStd: Type.Number({ minimum: 0 }),
    /** Fewest updates that are ever averaged. */
    minimumCohort: Type.Integer({ minimum: 1 }),
  },
  closed,
)
export type Privacy = Static<typeof Privacy>

/** What a task's terms promise. No codec or plan adds noise on the device today. */
export const privacyOf = ({ plan, cohort }: Pick<TaskCard, 'plan' | 'cohort'>): Privacy => ({
  clipNorm: plan.clipNorm ?? null,
  noiseStd: 0,
  minimumCohort: cohort.minimum,
})

/** Whether `offered` protects less than `agreed` in any respect. */
export const isWeaker = (offered: Privacy, agreed: Privacy): boolean =>
  (offered.clipNorm ?? Infinity) > (agreed.clipNorm ?? Infinity) ||
  offered.noiseStd < agreed.noiseStd ||
  offered.minimumCohort < agreed.minimumCohort

/** What a device is to train from and how, under the server's signature. [P25] */
export const ModelManifest = Type.Object(
  {
    statement: Type.Literal('model-manifest'),
    taskId: TaskId,
    version: VersionNumber,
    parent: Type.Union([VersionNumber, Type.Null()]),
    weightsSha256: Sha256,
    numBytes: Type.Integer({ minimum: 0 }),
    /** Of what the plan's correction needs of the server: as many params as the model has. Absent: all zero. */
    correctionSha256: Type.Optional(Sha256),
    /** Of the tensors' names and shapes in order: `layoutDigest`. */
    layoutSha256: Sha256,
    planHash: Sha256,
    plan: Plan,
    privacy: Privacy,
    issuedAt: Ms,
    /** By the server's clock; the last time at which an update of it may count. */
    expiresAt: Ms,
    ...signed,
  },
  closed,
)
export type ModelManifest = Static<typeof ModelManifest>

/** The server's answer to one join: that it has its key, and what time it is there. [P24] */
export const Greeting = Type.Object(
  {
    statement: Type.Literal('greeting'),
    taskId: TaskId,
    deviceId: DeviceId,
    /** The id of the join's proof: no greeting is good for another join. */
    proofId: Type.String({ maxLength: 100 }),
    at: Ms,
    ...signed,
  },
  closed,
)
export type Greeting = Static<typeof Greeting>

/** The verdict on an update, given only after it is durable. The same bytes always get the same one. [P17] */
export const Receipt = Type.Object(
  {
    statement: Type.Literal('receipt'),
    taskId: TaskId,
    roundNumber: RoundNumber,
    deviceId: DeviceId,
    sha256: Sha256,
    /** Aggregation weight the update will count with. */
    weight: Type.Number(),
    /** L2 norm of the delta as the server decoded it. */
    norm: Type.Number(),
    /** The later round that it counts in, where it is not the one that the device was asked in. */
    countedRound: Type.Optional(RoundNumber),
    receivedAt: Ms,
    ...signed,
  },
  closed,
)
export type Receipt = Static<typeof Receipt>

/** Names the shape of a model: SHA-256 of the RFC 8785 JSON of its tensors' names and shapes, in layout order. */
export function layoutDigest({ tensors }: Pick<Layout, 'tensors'>): string {
  const named = tensors.map(({ name, shape }) => [name, [...shape]])
  return bytesToHex(sha256(new TextEncoder().encode(canonicalJson(named))))
}
