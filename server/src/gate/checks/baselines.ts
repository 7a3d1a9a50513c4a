import type { CheckResult, CheckRow } from '@panal/client-core'
import { Type, type Static, type TObject } from 'typebox'
import { policy } from '../../policy.ts'
import { when } from '../../registry/document-errors.ts'
import { HeuristicRule } from '../baselines/baseline.ts'
import { compareBaselines, type NamedBaseline } from '../baselines/compare.ts'
import type { Evaluation, GateCheck } from '../contract.ts'
import { resultOf } from '../say.ts'

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
const closed = { additionalProperties: false }
const Name = Type.Union([
  Type.Literal('prior'),
  Type.Literal('majority'),
  Type.Literal('random'),
  Type.Literal('logistic'),
  Type.Literal('rule'),
  Type.Literal('human'),
  Type.Literal('earlier'),
])

const options = {
  alpha: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 0.5, default: 0.01 })),
  margin: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      default: 0.02,
      description: 'a gain that matters, as a share of the baseline’s loss or error',
    }),
  ),
  required: Type.Optional(
    Type.Array(Name, {
      uniqueItems: true,
      description:
        'baselines that the model must beat; of the others it must not be surely worse. Default prior, majority',
    }),
  ),
  ridge: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, default: 1, description: 'of the logistic regression’s weights' }),
  ),
  rule: Type.Optional(HeuristicRule),
  human: Type.Optional(
    Type.Object(
      {
        accuracy: Type.Number({ minimum: 0, maximum: 1 }),
        numExamples: Type.Optional(
          Type.Integer({ minimum: 1, description: 'that the figure was measured on; left out: it is taken for exact' }),
        ),
      },
      closed,
    ),
  ),
  earlier: Type.Optional(
    Type.Array(
      Type.Object(
        {
          label: Type.String({ minLength: 1, maxLength: 80 }),
          sha256: Sha256,
        },
        closed,
      ),
      {
        maxItems: 5,
        description:
          'predictions of other systems, stored as datasets: a CSV with a row for each example of the gate set in its order, and a column for each class or one named prediction',
      },
    ),
  ),
}
type Options = Static<TObject<typeof options>>

/**
 * Check 4: is the model better than what needs no model? Paired against the class shares (prior), the most frequent class,
 * a draw by the shares, a logistic regression fitted to the evaluation set, and what else the task names. Of a `required`
 * one: PASS where the gain is beyond chance at `alpha`, BLOCK where a gain that matters can be excluded, else WARN, or
 * NOT_ENOUGH_DATA, also where it cannot be made. Of any other: WARN where the model surely is worse.
 */
export const baselines = policy({
  options,
  misfits: (spec, { data }) => {
    const given = new Set(listed(spec).map(({ name }) => name))
    return [
      ...(spec.required ?? []).flatMap((name, i) =>
        when(!given.has(name), `/required/${i}`, `asks for ${name}, which is not given`),
      ),
      ...(['then', 'otherwise'] as const).flatMap((key) =>
        when(
          spec.rule !== undefined && !data.classes.includes(spec.rule[key]),
          `/rule/${key}`,
          'is not one of the classes',
        ),
      ),
      ...when(spec.rule !== undefined && data.kind === 'image', '/rule', 'images have no columns'),
    ]
  },
  needs: ({ rule, earlier = [] }) => ({
    datasets: earlier.map(({ sha256 }, i) => ({ path: `/earlier/${i}/sha256`, sha256, goesWithGateSet: true })),
    columns: rule === undefined ? [] : [{ path: '/rule/column', name: rule.column }],
  }),
  make: (spec): GateCheck => ({
    name: 'baselines',
    integrity: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const { alpha = 0.01, margin = 0.02, required = ['prior', 'majority'] } = spec
      const { labels, classes } = await evaluation.examples('gate')
      const [only] = labels
      if (only !== undefined && labels.every((label) => label === only))
        return resultOf('baselines', {
          verdict: 'NOT_ENOUGH_DATA',
          reason: `Every example of the gate set is ${classes[only]!}: no model can be better than always saying so. Add examples of the other classes.`,
        })
      const rows = await compareBaselines(evaluation, listed(spec), { alpha, margin, required: new Set(required) })
      return resultOf(
        'baselines',
        summarise(rows),
        rows.map(({ row }) => row),
      )
    },
  }),
})

/** What is compared with, in the order of the report. */
const listed = ({ ridge = 1, rule, human, earlier = [] }: Options): NamedBaseline[] => [
  { name: 'prior' },
  { name: 'majority' },
  { name: 'random' },
  { name: 'logistic', baseline: { kind: 'logistic', ridge } },
  ...(rule === undefined ? [] : [{ name: 'rule', baseline: { kind: 'rule', rule } } as const]),
  ...(human === undefined ? [] : [{ name: 'human', human } as const]),
  ...earlier.map(({ label, sha256 }) => ({ name: 'earlier', label, baseline: { kind: 'recorded', sha256 } }) as const),
]

/** What is required decides; of the others only a surely better one is told. */
function summarise(rows: readonly { readonly isRequired: boolean; readonly row: CheckRow }[]) {
  const find = (verdict: CheckRow['verdict'], among = rows) => among.find(({ row }) => row.verdict === verdict)?.row
  const required = rows.filter(({ isRequired }) => isRequired)
  const worst = find('BLOCK') ?? find('NOT_ENOUGH_DATA', required) ?? find('WARN')
  if (worst !== undefined) return worst
  const beaten = (among: typeof rows) =>
    among.filter(({ row }) => row.verdict === 'PASS').map(({ row }) => row.metric.replace(/^.* over /, ''))
  if (beaten(required).length === 0)
    return { verdict: 'NOT_APPLICABLE', reason: 'There is no baseline that the model must beat.' } as const
  return { verdict: 'PASS', reason: `Better beyond chance than ${beaten(rows).join(', ')}.` } as const
}
