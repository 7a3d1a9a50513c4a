import { Type } from 'typebox'
import Value from 'typebox/value'
import type { RoundRow } from './round-row.ts'

const Count = Type.Integer({ minimum: 0 })

const Deciles = Type.Object({ metric: Type.String(), values: Type.Array(Type.Number()) })

const Personal = Type.Object({
  numDevices: Count,
  sharedAccuracy: Type.Number(),
  personalAccuracy: Type.Number(),
  sharedLoss: Type.Optional(Type.Number()),
  personalLoss: Type.Optional(Type.Number()),
})

/** JSON writes null for a number that is not finite: only where a row may have null is it one. */
const Row = Type.Object({
  round: Type.Integer({ minimum: 1 }),
  simulatedMs: Type.Number(),
  wallMs: Type.Number(),
  bytesUp: Count,
  bytesDown: Count,
  numUpdates: Count,
  trainLoss: Type.Union([Type.Number(), Type.Null()]),
  loss: Type.Optional(Type.Number()),
  accuracy: Type.Optional(Type.Number()),
  deciles: Type.Optional(Type.Array(Deciles)),
  personal: Type.Optional(Personal),
  phases: Type.Record(Type.String(), Type.Number()),
  outcome: Type.String(),
  reason: Type.Optional(Type.String()),
  numInvited: Count,
  numAsked: Type.Optional(Count),
  numCarried: Type.Optional(Count),
  meanStaleness: Type.Optional(Type.Number()),
  numRejected: Count,
  numDropped: Count,
  numLate: Type.Optional(Count),
})

/** Whether what was read is a line of `rounds.jsonl`. */
export const isRoundRow = (value: object): value is RoundRow => Value.Check(Row, value)
