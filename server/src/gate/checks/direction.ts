import type { CheckResult, CheckRow } from '@panal/client-core'
import { Type, type Static } from 'typebox'
import { policy } from '../../policy.ts'
import { when, type DocumentError } from '../../registry/document-errors.ts'
import type { Evaluation, Examples, GateCheck, Variation } from '../contract.ts'
import { resultOf } from '../say.ts'
import { directionViolations } from '../statistics/violations.ts'
import { columnMisfits } from '../variations/columns.ts'
import { canBeVaried, onlyRecorded, type VariableModel } from '../varied-models.ts'
import { countCases, violationRow, worstRow } from '../violation-rate.ts'

const Expectation = Type.Object(
  {
    column: Type.String({ minLength: 1, maxLength: 80 }),
    effect: Type.Union([Type.Literal('up'), Type.Literal('down')], {
      description: 'what a higher value of the column does to the probability of the class',
    }),
    class: Type.String({ minLength: 1, maxLength: 80 }),
    by: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'how much higher, in the unit of the column' })),
    quantiles: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        default: 0.25,
        description: 'how much higher, as a share of the set: 0.25 is past a quarter of its values',
      }),
    ),
  },
  { additionalProperties: false },
)
type Expectation = Static<typeof Expectation>

/**
 * Check 15, second half: does a column push where it must? Every example is shown with a higher value, as far as the range
 * of the set goes. A case is violated where the probability of the class moves the wrong way by more than `tolerance`;
 * examples that could not move, or whose probability had no room left, are no cases. PASS when the share of violations is
 * surely at most `limit`, BLOCK when it is surely more than `block`.
 */
export const direction = policy({
  options: {
    expectations: Type.Array(Expectation, { minItems: 1, maxItems: 50 }),
    tolerance: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, default: 0.01, description: 'of a probability that goes the wrong way' }),
    ),
    limit: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.02, description: 'share of violations' }),
    ),
    block: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        description: 'share of violations that rejects the model; left out: the limit. Between the two it warns',
      }),
    ),
  },
  misfits: ({ expectations, limit = 0.02, block = limit }, terms) => [
    ...when(block < limit, '/block', `must be at least ${limit}, the limit`),
    ...expectations.flatMap((each, i): DocumentError[] => {
      const path = `/expectations/${i}`
      return [
        ...columnMisfits(each.column, terms, 'numeric').map((wrong) => ({ ...wrong, path: path + wrong.path })),
        ...when(!terms.data.classes.includes(each.class), `${path}/class`, 'is not one of the classes'),
        ...when(each.by !== undefined && each.quantiles !== undefined, `${path}/by`, 'give either this or quantiles'),
      ]
    }),
  ],
  make: ({ expectations, tolerance = 0.01, limit = 0.02, block = limit }): GateCheck => ({
    name: 'direction',
    integrity: false,
    judges: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const { candidate, document } = evaluation
      if (!canBeVaried(candidate)) return resultOf('direction', onlyRecorded)
      const { classes, clusters } = await evaluation.examples('gate')
      const rows: CheckRow[] = []
      for (const expectation of expectations) {
        const settings = { seed: document.seed, classes, clusters, tolerance, limit, block }
        rows.push(await judgeExpectation(expectation, candidate, settings))
      }
      const names = expectations.map(({ column }) => column).join(', ')
      return resultOf('direction', worstRow(rows, `These push where they must: ${names}.`), rows)
    },
  }),
})

interface Settings extends Pick<Examples, 'classes'> {
  readonly clusters: Int32Array | undefined
  readonly seed: number
  readonly tolerance: number
  readonly limit: number
  readonly block: number
}

async function judgeExpectation(
  { column, effect, class: name, by, quantiles = 0.25 }: Expectation,
  model: VariableModel,
  { seed, classes, clusters, tolerance, limit, block }: Settings,
): Promise<CheckRow> {
  const step = by === undefined ? { quantiles } : { by }
  const variation: Variation = { name: 'move-column', column, ...step, seed }
  const before = await model.on('gate')
  const { predictions, applies } = await model.under('gate', variation)
  const direction = { classIndex: classes.indexOf(name), expected: effect, tolerance }
  const { violated, canFail } = directionViolations(before, predictions, direction)
  const isCase = applies.map((applied, row) => applied & canFail[row]!)
  const [wanted, found] = effect === 'up' ? ['more', 'less'] : ['less', 'more']
  return violationRow({
    metric: `direction: higher ${column}, ${wanted} ${name}`,
    ...countCases(isCase, violated, clusters),
    limit,
    block,
    happened: `a higher ${column} makes “${name}” ${found} probable`,
    samples: { set: 'gate', where: [], variation, order: 'loss' },
  })
}
