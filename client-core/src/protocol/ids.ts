import { Type, type Static } from 'typebox'

export const TaskId = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,39}$',
  description: 'lower-case letters, digits and dashes; at most 40',
})
export type TaskId = Static<typeof TaskId>

export const DeviceId = Type.String({
  pattern: '^d_[A-Za-z0-9_-]{22}$',
  description: 'follows from the device’s public key: its RFC 7638 thumbprint, cut short',
})
export type DeviceId = Static<typeof DeviceId>

/** Hex, lower case. */
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
export type Sha256 = Static<typeof Sha256>

/** Rounds of a task count from 1 without gaps. */
export const RoundNumber = Type.Integer({ minimum: 1, maximum: 1e9 })
/** Versions of a task count from 0 (the initial weights) without gaps. */
export const VersionNumber = Type.Integer({ minimum: 0, maximum: 1e9 })
