import { Type, type Static } from 'typebox'
import { codecs } from '../codec/registry.ts'
import { PersonalisationSpec } from '../train/personalisation/registry.ts'
import { DataSchema } from './data-schema.ts'
import { Sha256, TaskId } from './ids.ts'

const closed = { additionalProperties: false }
const Name = Type.String({ minLength: 1, maxLength: 80 })

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

export const Loss = Type.Union(
  [
    Type.Literal('categorical-crossentropy'),
    Type.Literal('binary-crossentropy'),
    Type.Literal('mean-squared-error'),
    Type.Literal('mean-absolute-error'),
    Type.Literal('huber'),
  ],
  {
    description:
      'categorical and the errors: softmax outputs, one per class; binary: one sigmoid output, P(second class); the errors are of probabilities, mean over examples and classes',
  },
)
export type Loss = Static<typeof Loss>

export const LocalOptimizer = Type.Union([
  Type.Object(
    { name: Type.Literal('sgd'), momentum: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1 })) },
    closed,
  ),
  Type.Object(
    {
      name: Type.Literal('adam'),
      weightDecay: Type.Optional(
        Type.Number({
          minimum: 0,
          description: 'decoupled (AdamW): each step takes learningRate · weightDecay · w off w',
        }),
      ),
    },
    closed,
  ),
])
export type LocalOptimizer = Static<typeof LocalOptimizer>

export const CodecName = Type.Unsafe<keyof typeof codecs>(
  Type.Union(Object.keys(codecs).map((name) => Type.Literal(name))),
)
export type CodecName = Static<typeof CodecName>

/** What keeps devices whose data differ from pulling the model apart. The server's half is `strategy`'s. */
export const CorrectionSpec = Type.Union([
  Type.Object({ name: Type.Literal('scaffold') }, { ...closed, description: 'Karimireddy et al. 2020' }),
  Type.Object(
    {
      name: Type.Literal('feddyn'),
      alpha: Type.Number({ exclusiveMinimum: 0, description: 'how strongly a device is drawn to the base' }),
    },
    { ...closed, description: 'Acar et al. 2021' },
  ),
])
export type CorrectionSpec = Static<typeof CorrectionSpec>

/** How one device trains in one round. */
export const LocalPlan = Type.Object(
  {
    epochs: Type.Integer({ minimum: 1, maximum: 1000 }),
    batchSize: Type.Integer({ minimum: 1, maximum: 65536 }),
    learningRate: Type.Number({ exclusiveMinimum: 0, maximum: 1000 }),
    optimizer: LocalOptimizer,
    proximalTerm: Type.Optional(
      Type.Number({ minimum: 0, description: 'FedProx μ (Li et al. 2020): adds μ/2·‖w − base‖² to the loss' }),
    ),
    correction: Type.Optional(CorrectionSpec),
    clipNorm: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'L2 bound the device scales its delta down to' }),
    ),
    maxExamples: Type.Optional(Type.Integer({ minimum: 1, description: 'most local examples used in one round' })),
    codec: CodecName,
  },
  closed,
)
export type LocalPlan = Static<typeof LocalPlan>

/** What one device must do in one round. */
export const Plan = Type.Object(
  { ...LocalPlan.properties, personalisation: Type.Optional(PersonalisationSpec) },
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
    maxStaleness: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        default: 0,
        description:
          'rounds after its own in which the update of a device may still count; 0: none, all rounds are synchronous',
      }),
    ),
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

export const Eligibility = Type.Object(
  {
    charging: Type.Optional(Type.Boolean()),
    unmetered: Type.Optional(Type.Boolean()),
    idle: Type.Optional(Type.Boolean()),
    minExamples: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { ...closed, description: 'true: the device must be charging / unmetered / idle to be asked' },
)

/** Which devices may serve a task. Default: `open`. */
export const EnrolmentRule = Type.Union([Type.Literal('open'), Type.Literal('invitation')], {
  description: 'open: any device that does a little work; invitation: those with an invitation of an operator',
})

export const Sample = Type.Object({ label: Name, sha256: Sha256, numExamples: Type.Integer({ minimum: 1 }) }, closed)

// ── the task, as far as a device must know it ───────────────────────────────────────────────────────────────────────

/** What a task's document says to the devices that it asks; the rest of a document is the server's own. */
export const TaskTerms = Type.Object(
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
    loss: Loss,
    data: DataSchema,
    plan: Plan,
    cohort: Cohort,
    lease: Lease,
    eligibility: Eligibility,
    enrolment: Type.Optional(EnrolmentRule),
    samples: Type.Array(Sample, { description: 'public shards that a visitor without data may borrow' }),
  },
  closed,
)
export type TaskTerms = Static<typeof TaskTerms>

/** What a device is told of a task: its terms, and what the server made of its document. */
export const TaskCard = Type.Object(
  {
    ...TaskTerms.properties,
    topology: Type.Unknown({ description: 'the tfjs LayersModel topology, built-in names resolved' }),
    numParams: Type.Integer(),
    planHash: Sha256,
    paused: Type.Boolean(),
  },
  closed,
)
export type TaskCard = Static<typeof TaskCard>
