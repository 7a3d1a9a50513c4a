import { ModelSpec, Sha256, TaskTerms } from '@panal/client-core'
import { Type, type Static } from 'typebox'
import { GateSpec } from '../gate/checks/registry.ts'
import { SegmentSpec } from '../gate/segments.ts'
import { StrategySpec } from '../strategy/registry.ts'

const closed = { additionalProperties: false }

const judging = { evaluation: Sha256, calibration: Sha256, gate: Sha256 }

/** Digests of the datasets that a task's models are judged by: three sets that share no example. */
export const EvaluationSets = Type.Object(judging, closed)
export type EvaluationSets = Static<typeof EvaluationSets>

/** Those and one more, which shares no example with them either: what rounds were made with, so it never changes. */
export const TaskSets = Type.Object(
  {
    ...judging,
    root: Type.Optional({
      ...Sha256,
      description: 'examples that the server trains on itself, for an aggregator that compares updates with its own',
    }),
  },
  closed,
)
export type TaskSets = Static<typeof TaskSets>

/**
 * All of a task: what is learnt, by whom, under which strategy, and what a model must pass to be served. Type,
 * validation and API documentation at once: what devices are told comes from the wire's own schemas, every choice of a
 * policy from its registry.
 */
export const TaskDocument = Type.Object(
  {
    ...TaskTerms.properties,
    seed: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }),
    model: ModelSpec,
    metrics: Type.Array(Type.Literal('accuracy'), { uniqueItems: true }),
    strategy: StrategySpec,
    rounds: Type.Object(
      {
        minIntervalMs: Type.Integer({
          minimum: 0,
          maximum: 7 * 86_400_000,
          description: 'least time from the end of one round to the next',
        }),
        max: Type.Optional(Type.Integer({ minimum: 1, description: 'rounds after which the task pauses itself' })),
      },
      closed,
    ),
    segments: Type.Array(SegmentSpec, {
      uniqueItems: true,
      description: 'columns of the evaluation data whose values are judged apart; `label` is the true class',
    }),
    clientColumn: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 80,
        description:
          'column of the three sets that says whose example each row is; no feature, never shown. Checks then count clients and not rows. Tables only',
      }),
    ),
    sets: TaskSets,
    gate: GateSpec,
  },
  { ...closed, $id: 'TaskDocument' },
)
export type TaskDocument = Static<typeof TaskDocument>
