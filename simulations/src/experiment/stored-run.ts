import { Type } from 'typebox'
import Value from 'typebox/value'
import type { RoundRow } from './round-row.ts'
import type { FinishedRun } from './run-folder.ts'

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

const Digest = Type.Object({ name: Type.String(), sha256: Type.String() })

const Resources = Type.Object({
  wallMs: Type.Number(),
  cpuMs: Type.Number(),
  peakMemoryBytes: Count,
  numWorkers: Count,
  numCores: Count,
  machine: Type.String(),
})

const Figure = Type.Object({
  name: Type.Union([Type.Literal('rounds'), Type.Literal('accuracy'), Type.Literal('loss')]),
  value: Type.Optional(Type.Number()),
  atMost: Type.Optional(Type.Number()),
  atLeast: Type.Optional(Type.Number()),
  published: Type.Optional(Type.Number()),
  isMet: Type.Boolean(),
})

const Expectation = Type.Object({
  isMet: Type.Boolean(),
  figures: Type.Array(Figure),
  source: Type.Optional(Type.String()),
})

const FinishedRecord = Type.Object({
  name: Type.String(),
  seed: Count,
  config: Type.Object({}),
  versions: Type.Record(Type.String(), Type.String()),
  gitCommit: Type.Union([Type.String(), Type.Null()]),
  data: Type.Array(Digest),
  rounds: Type.Array(Row),
  resources: Resources,
  partition: Type.Optional(
    Type.Object({
      numDevices: Count,
      classes: Type.Array(Type.String()),
      devices: Type.Array(Type.Object({ device: Count, counts: Type.Array(Count) })),
    }),
  ),
  ended: Type.Object({
    why: Type.Union([Type.Literal('target'), Type.Literal('rounds'), Type.Literal('diverged')]),
    round: Count,
  }),
  expectation: Type.Optional(Expectation),
})

/** Whether what was read is a `record.json`. */
export const isFinishedRun = (value: object): value is FinishedRun => Value.Check(FinishedRecord, value)
