import { Calibrator } from '@panal/client-core'
import { Type, type TProperties } from 'typebox'

const closed = { additionalProperties: false }
const record = <Properties extends TProperties>(properties: Properties, description?: string) =>
  Type.Object(properties, { ...closed, ...(description !== undefined && { description }) })
const Count = Type.Integer({ minimum: 0 })
const Share = Type.Number({ minimum: 0, maximum: 1 })
const Interval = Type.Tuple([Type.Number(), Type.Number()])
const Sha256Hex = Type.String({ pattern: '^[0-9a-f]{64}$' })

const OverallVerdict = Type.Enum(['PASS', 'WARN', 'NOT_ENOUGH_DATA', 'ERROR', 'BLOCK', 'NO_CHANGE'])
const Verdict = Type.Enum(['PASS', 'WARN', 'NOT_ENOUGH_DATA', 'ERROR', 'BLOCK', 'NO_CHANGE', 'NOT_APPLICABLE'])

const SampleQuery = record(
  {
    set: Type.Enum(['evaluation', 'gate']),
    where: Type.Array(record({ column: Type.String(), value: Type.String() })),
    label: Type.Optional(Type.String()),
    candidate: Type.Optional(Type.Enum(['right', 'wrong'])),
    reference: Type.Optional(
      record({
        model: Type.Enum(['champion', 'anchor']),
        was: Type.Enum(['right', 'wrong']),
      }),
    ),
    variation: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    order: Type.Enum(['loss', 'regression']),
  },
  'which examples are behind a row',
)

const CheckRow = record({
  metric: Type.String({ minLength: 1 }),
  segment: Type.Optional(Type.String({ description: 'left out: all examples' })),
  estimate: Type.Optional(Type.Number({ description: 'a difference is candidate − reference, higher is better' })),
  interval: Type.Optional(Interval),
  level: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'of the interval, two-sided' })),
  n: Type.Optional(Count),
  nRequired: Type.Optional(Count),
  discordance: Type.Optional(Share),
  mdd: Type.Optional(Type.Number({ minimum: 0, description: 'smallest true difference that would be found' })),
  test: Type.Optional(Type.String()),
  p: Type.Optional(Share),
  adjustedP: Type.Optional(Share),
  margin: Type.Optional(Type.Number({ description: 'how much worse is tolerated; of a level, the limit itself' })),
  warnsOnly: Type.Optional(
    Type.Literal(true, { description: 'beyond its margin it warns, and never blocks by itself' }),
  ),
  verdict: Verdict,
  reason: Type.String({ minLength: 1 }),
  samples: Type.Optional(SampleQuery),
})

const CurvePoint = record({ x: Type.Number(), y: Type.Number(), interval: Type.Optional(Interval) })
const ReliabilityBin = record({ count: Count, confidence: Share, frequency: Share })
const ForestLine = record({
  label: Type.String(),
  estimate: Type.Number(),
  interval: Interval,
  n: Count,
  verdict: Verdict,
})
const Figure = Type.Union([
  record({
    kind: Type.Literal('reliability'),
    title: Type.String(),
    curves: Type.Array(record({ name: Type.String(), bins: Type.Array(ReliabilityBin) })),
  }),
  record({
    kind: Type.Literal('forest'),
    title: Type.String(),
    unit: Type.String(),
    margin: Type.Optional(Type.Number()),
    lines: Type.Array(ForestLine),
  }),
  record({
    kind: Type.Literal('curve'),
    title: Type.String(),
    x: Type.String(),
    y: Type.String(),
    lines: Type.Array(record({ name: Type.String(), points: Type.Array(CurvePoint) })),
  }),
  record({
    kind: Type.Literal('confusion'),
    title: Type.String(),
    classes: Type.Array(Type.String()),
    counts: Type.Array(Type.Array(Count)),
  }),
  record({
    kind: Type.Literal('histogram'),
    title: Type.String(),
    x: Type.String(),
    edges: Type.Array(Type.Number()),
    series: Type.Array(record({ name: Type.String(), counts: Type.Array(Count) })),
  }),
])

const CheckResult = record({
  check: Type.String({ minLength: 1 }),
  variant: Type.Optional(Type.String({ minLength: 1, description: 'what tells it from others of its name' })),
  verdict: Verdict,
  reason: Type.String({ minLength: 1 }),
  rows: Type.Array(CheckRow),
  figures: Type.Optional(Type.Array(Figure)),
  claim: Type.Optional(record({ p: Share, level: Share, accepted: Type.Boolean() }, 'to be better than the anchor')),
  calibrator: Type.Optional(Calibrator),
})

const Metrics = record({ numExamples: Count, accuracy: Share, logLoss: Type.Number({ minimum: 0 }) })
const Reference = Type.Union([Count, Type.Null()])

const RecordedSubject = record(
  {
    candidate: Type.String(),
    champion: Type.Union([Type.String(), Type.Null()]),
    anchor: Type.Union([Type.String(), Type.Null()]),
    label: Type.String(),
    classes: Type.Array(Type.String(), { minItems: 2 }),
    numRows: Count,
    sets: record({ evaluation: Count, calibration: Count, gate: Count }),
    split: Type.Enum(['column', 'hash', 'none']),
    leftOut: Type.Array(Type.String()),
    seed: Count,
  },
  'of predictions that were recorded; there are no versions then',
)

/**
 * JSON schema of a gate report, of a version as of recorded predictions. It mirrors `GateReport` of client-core; a test
 * holds the two together in both directions.
 */
export const GateReportSchema = Type.Object(
  {
    taskId: Type.String(),
    version: Count,
    champion: Reference,
    anchor: Reference,
    verdict: OverallVerdict,
    reason: Type.String({ minLength: 1 }),
    sound: Type.Boolean({ description: 'every integrity check passed' }),
    checks: Type.Array(CheckResult),
    evaluation: Type.Union([Metrics, Type.Null()]),
    gate: Type.Union([Metrics, Type.Null()]),
    figures: Type.Optional(Type.Array(Figure, { description: 'of the model as such, on the evaluation set' })),
    datasetDigests: record({ evaluation: Sha256Hex, gate: Sha256Hex }),
    recorded: Type.Optional(RecordedSubject),
    judgedAt: Type.Optional(Type.Number({ description: 'milliseconds since 1970; not of recorded predictions' })),
    durationMs: Type.Optional(Type.Number({ minimum: 0 })),
  },
  { ...closed, $id: 'GateReport', title: 'What the evaluation gate says of a model' },
)
