import { Type, type Static } from 'typebox'
import { codecs } from '../codec/registry.ts'
import { DataSchema } from './data-schema.ts'
import { Sha256, TaskId } from './ids.ts'

const closed = { additionalProperties: false }
const Name = Type.String({ minLength: 1, maxLength: 80 })
const Fraction = Type.Number({ minimum: 0, maximum: 1 })

// ── model and training ──────────────────────────────────────────────────────────────────────────────────────────────

export const ModelSpec = Type.Union([
  Type.Object(
    {
      builtin: Type.Literal('mlp'),
      hidden: Type.Array(Type.Integer({ minimum: 1, maximum: 65536 }), {
        maxItems: 16,
        description: 'units of each hidden ReLU layer; [] is logistic regression',
      }),
    },
    closed,
  ),
  Type.Object(
    { topology: Type.Unknown({ description: 'a tfjs LayersModel topology, as `model.toJSON(null, false)` gives it' }) },
    closed,
  ),
])
export type ModelSpec = Static<typeof ModelSpec>

export const Loss = Type.Union([Type.Literal('categorical-crossentropy'), Type.Literal('binary-crossentropy')], {
  description: 'categorical: softmax outputs, one per class; binary: one sigmoid output, P(second class)',
})
export type Loss = Static<typeof Loss>

export const LocalOptimizer = Type.Union([
  Type.Object(
    { name: Type.Literal('sgd'), momentum: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1 })) },
    closed,
  ),
  Type.Object({ name: Type.Literal('adam') }, closed),
])
export type LocalOptimizer = Static<typeof LocalOptimizer>

export const CodecName = Type.Unsafe<keyof typeof codecs>(
  Type.Union(Object.keys(codecs).map((name) => Type.Literal(name))),
)
export type CodecName = Static<typeof CodecName>

/** What one device must do in one round. */
export const Plan = Type.Object(
  {
    epochs: Type.Integer({ minimum: 1, maximum: 1000 }),
    batchSize: Type.Integer({ minimum: 1, maximum: 65536 }),
    learningRate: Type.Number({ exclusiveMinimum: 0, maximum: 1000 }),
    optimizer: LocalOptimizer,
    proximalTerm: Type.Optional(
      Type.Number({ minimum: 0, description: 'FedProx μ (Li et al. 2020): adds μ/2·‖w − base‖² to the loss' }),
    ),
    clipNorm: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'L2 bound the device scales its delta down to' }),
    ),
    maxExamples: Type.Optional(Type.Integer({ minimum: 1, description: 'most local examples used in one round' })),
    codec: CodecName,
  },
  closed,
)
export type Plan = Static<typeof Plan>

// ── the round ───────────────────────────────────────────────────────────────────────────────────────────────────────

export const Cohort = Type.Object(
  {
    size: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: 'devices wanted in one round, before over-selection',
    }),
    overSelection: Type.Number({ minimum: 1, maximum: 10, description: 'devices asked = ⌈size × this⌉' }),
    reportingGoal: Type.Integer({ minimum: 1, description: 'accepted updates that close collection' }),
    minimum: Type.Integer({ minimum: 1, description: 'fewest accepted updates worth aggregating at the deadline' }),
    deadlineMs: Type.Integer({ minimum: 100, maximum: 7 * 86_400_000 }),
  },
  closed,
)
export type Cohort = Static<typeof Cohort>

export const Lease = Type.Object(
  {
    heartbeatMs: Type.Integer({ minimum: 100, maximum: 3_600_000 }),
    leaseMs: Type.Integer({ minimum: 200, maximum: 7_200_000, description: 'a device silent for longer has left' }),
  },
  closed,
)

export const Strategy = Type.Object(
  {
    sampler: Type.Object({ name: Type.Union([Type.Literal('uniform'), Type.Literal('least-recently-used')]) }, closed),
    checks: Type.Array(
      Type.Union([
        Type.Object({ name: Type.Literal('finite') }, closed),
        Type.Object({ name: Type.Literal('max-norm'), maxNorm: Type.Number({ exclusiveMinimum: 0 }) }, closed),
        Type.Object(
          {
            name: Type.Literal('weight-range'),
            minExamples: Type.Integer({ minimum: 1 }),
            maxExamples: Type.Integer({ minimum: 1 }),
          },
          closed,
        ),
      ]),
      { description: 'run in this order on every update; `finite` always runs first, listed or not' },
    ),
    weight: Type.Union([Type.Literal('examples'), Type.Literal('uniform')]),
    maxWeight: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'cap of one aggregation weight, against a device that claims a billion examples',
      }),
    ),
    aggregator: Type.Object({ name: Type.Literal('mean') }, closed),
    serverOptimizer: Type.Object(
      {
        name: Type.Literal('sgd'),
        learningRate: Type.Number({ exclusiveMinimum: 0 }),
        momentum: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1 })),
      },
      closed,
    ),
  },
  closed,
)

export const Eligibility = Type.Object(
  {
    charging: Type.Optional(Type.Boolean()),
    unmetered: Type.Optional(Type.Boolean()),
    idle: Type.Optional(Type.Boolean()),
    minExamples: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { ...closed, description: 'true: the device must be charging / unmetered / idle to be asked' },
)

// ── the gate ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const GateCheckSpec = Type.Union([
  Type.Object(
    {
      name: Type.Literal('integrity'),
      maxLossRatio: Type.Optional(
        Type.Number({
          exclusiveMinimum: 1,
          description:
            'a candidate whose log loss is over this × its base’s, and over that of guessing, has collapsed; default 2',
        }),
      ),
    },
    closed,
  ),
  Type.Object({ name: Type.Literal('floor'), metric: Type.Literal('accuracy'), min: Fraction }, closed),
  Type.Object(
    {
      name: Type.Literal('no-regression'),
      against: Type.Union([Type.Literal('champion'), Type.Literal('anchor')]),
      margin: Type.Number({ exclusiveMinimum: 0, description: 'as a share of the reference’s log loss: 0.02 is 2 %' }),
      alpha: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 0.5 })),
    },
    closed,
  ),
])
export type GateCheckSpec = Static<typeof GateCheckSpec>

/** Digests of the server's own datasets: three sets that share no example. */
export const EvaluationSets = Type.Object({ evaluation: Sha256, calibration: Sha256, gate: Sha256 }, closed)
export type EvaluationSets = Static<typeof EvaluationSets>

export const Sample = Type.Object({ label: Name, sha256: Sha256, numExamples: Type.Integer({ minimum: 1 }) }, closed)

/** All of a task: what is learnt, by whom, under which strategy, and what a model must pass to be served. */
export const TaskDocument = Type.Object(
  {
    id: TaskId,
    title: Name,
    description: Type.String({
      minLength: 1,
      maxLength: 2000,
      description: 'what this task learns, for the people asked to contribute',
    }),
    whatLeaves: Type.Optional(
      Type.String({ maxLength: 2000, description: 'what leaves the device, in the task owner’s words' }),
    ),
    seed: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }),
    model: ModelSpec,
    loss: Loss,
    metrics: Type.Array(Type.Literal('accuracy'), { uniqueItems: true }),
    data: DataSchema,
    plan: Plan,
    strategy: Strategy,
    cohort: Cohort,
    lease: Lease,
    eligibility: Eligibility,
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
    segments: Type.Array(Name, {
      uniqueItems: true,
      description: 'columns of the evaluation data whose values are judged apart',
    }),
    sets: EvaluationSets,
    samples: Type.Array(Sample, { description: 'public shards that a visitor without data may borrow' }),
    gate: Type.Object({ checks: Type.Array(GateCheckSpec, { minItems: 1 }) }, closed),
  },
  { ...closed, $id: 'TaskDocument' },
)
export type TaskDocument = Static<typeof TaskDocument>

/** What a device is told of a task: everything but the server's own policies. */
export const TaskCard = Type.Object(
  {
    id: TaskId,
    title: Name,
    description: Type.String(),
    whatLeaves: Type.Optional(Type.String()),
    loss: Loss,
    data: DataSchema,
    plan: Plan,
    cohort: Cohort,
    eligibility: Eligibility,
    lease: Lease,
    samples: Type.Array(Sample),
    topology: Type.Unknown({ description: 'the tfjs LayersModel topology, built-in names resolved' }),
    numParams: Type.Integer(),
    planHash: Sha256,
    paused: Type.Boolean(),
  },
  closed,
)
export type TaskCard = Static<typeof TaskCard>
