import { Type, type Static } from 'typebox'
import { Cohort, LocalOptimizer, Loss, ModelSpec, Plan, TaskId } from '@panal/client-core'
import { policySchema, StrategySpec } from '@panal/server'
import { AdversariesSpec } from '../adversary/adversaries.ts'
import { engineNames, type EngineName } from '../engine/open-trainer.ts'
import { dataSources } from '../data/registry.ts'
import { partitioners } from '../partition/registry.ts'
import { PartialProfileSpec } from '../profile/spec.ts'
import { Expected } from './expected.ts'

const closed = { additionalProperties: false }
const Seed = Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 })

const { size, overSelection, reportingGoal, minimum, deadlineMs, maxStaleness } = Cohort.properties
const { optimizer: _optimizer, codec: _codec, ...plan } = Plan.properties

/**
 * An experiment as a person writes it. Model, plan, strategy and cohort are those of a task document, so that what was tried
 * here can be run on a server; what is left out is filled in by `completeExperiment`.
 */
export const Experiment = Type.Object(
  {
    name: TaskId,
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
    data: policySchema(dataSources),
    devices: Type.Integer({ minimum: 1, maximum: 10_000_000, description: 'the whole population' }),
    partition: policySchema(partitioners),
    root: Type.Optional(
      Type.Object(
        { examples: Type.Integer({ minimum: 1, description: 'training examples that no device gets' }) },
        { ...closed, description: 'what the server trains on itself, for an aggregator that uses it' },
      ),
    ),
    model: ModelSpec,
    loss: Type.Optional(Loss),
    plan: Type.Object(
      { ...plan, optimizer: Type.Optional(LocalOptimizer), codec: Type.Optional(Plan.properties.codec) },
      closed,
    ),
    strategy: Type.Optional(Type.Partial(StrategySpec, closed)),
    cohort: Type.Object(
      {
        size,
        overSelection: Type.Optional(overSelection),
        reportingGoal: Type.Optional(reportingGoal),
        minimum: Type.Optional(minimum),
        deadlineMs: Type.Optional(deadlineMs),
        maxStaleness,
      },
      closed,
    ),
    profile: Type.Optional(PartialProfileSpec),
    adversaries: Type.Optional(AdversariesSpec),
    rounds: Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'at most so many' }),
    target: Type.Optional(
      Type.Object(
        {
          accuracy: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1 })),
          loss: Type.Optional(Type.Number({ minimum: 0 })),
        },
        { ...closed, description: 'of the test set: the run ends with the first round that reaches all of it' },
      ),
    ),
    expected: Type.Optional(Expected),
    evaluateEvery: Type.Optional(
      Type.Integer({ minimum: 1, description: 'rounds from one test to the next; the last round is always tested' }),
    ),
    intervalMs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 7 * 86_400_000, description: 'simulated time from one round to the next' }),
    ),
    seeds: Type.Optional(Type.Array(Seed, { minItems: 1, maxItems: 1000, uniqueItems: true })),
    engine: Type.Optional(Type.Unsafe<EngineName>(Type.Union(engineNames.map((name) => Type.Literal(name))))),
  },
  { ...closed, $id: 'Experiment' },
)
export type Experiment = Static<typeof Experiment>
