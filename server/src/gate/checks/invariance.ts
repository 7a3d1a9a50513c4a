import type { CheckResult, CheckRow } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { when } from '../../registry/document-errors.ts'
import type { Evaluation, GateCheck, JudgedTask, Variation } from '../contract.ts'
import { resultOf } from '../say.ts'
import { invarianceViolations } from '../statistics/violations.ts'
import { columnMisfits, featureOf } from '../variations/columns.ts'
import { variationMisfits, VariationSpec, variationTitle } from '../variations/registry.ts'
import { canBeVaried, onlyRecorded, type VariableModel } from '../varied-models.ts'
import { countCases, violationRow, worstRow } from '../violation-rate.ts'

/** What must not matter, and every way in which it is changed: a case fails where any of them makes a difference. */
interface Family {
  readonly title: string
  /** `another Marital changes the answer` */
  readonly happened: string
  readonly ways: readonly { readonly title: string; readonly variation: Variation }[]
}

/**
 * Check 15, first half: does something matter that must not? Every example is shown with each other value of a column (of
 * a numeric column, with another example's), or under a variation. A case is violated where the answer flips, or its
 * probabilities move by more than `tolerance` in total variation. PASS when the share of violations is surely at most
 * `limit`, BLOCK when it is surely more than `block`.
 */
export const invariance = policy({
  options: {
    columns: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 80 }), {
        minItems: 1,
        maxItems: 50,
        uniqueItems: true,
        description: 'features that must not matter',
      }),
    ),
    variations: Type.Optional(
      Type.Array(VariationSpec, { minItems: 1, maxItems: 50, description: 'other changes that must not matter' }),
    ),
    tolerance: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0.1, description: 'total variation' })),
    limit: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.05, description: 'share of violations' }),
    ),
    block: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        description: 'share of violations that rejects the model; left out: the limit. Between the two it warns',
      }),
    ),
  },
  misfits: ({ columns = [], variations = [], limit = 0.05, block = limit }, terms) => [
    ...when(block < limit, '/block', `must be at least ${limit}, the limit`),
    ...when(columns.length + variations.length === 0, '/columns', 'give these or variations'),
    ...columns.flatMap((name, i) => columnMisfits(name, terms).map((each) => ({ ...each, path: `/columns/${i}` }))),
    ...variations.flatMap((spec, i) =>
      variationMisfits(spec, terms).map((each) => ({ ...each, path: `/variations/${i}${each.path}` })),
    ),
  ],
  make: ({ columns = [], variations = [], tolerance = 0.1, limit = 0.05, block = limit }): GateCheck => ({
    name: 'invariance',
    integrity: false,
    judges: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const { candidate, document } = evaluation
      if (!canBeVaried(candidate)) return resultOf('invariance', onlyRecorded)
      const families = [
        ...columns.map((name) => familyOfColumn(name, document)),
        ...variations.map((spec) => familyOfVariation(spec, document)),
      ]
      const { clusters } = await evaluation.examples('gate')
      const rows: CheckRow[] = []
      for (const family of families)
        rows.push(await judgeFamily(family, candidate, { tolerance, limit, block, clusters }))
      const names = families.map(({ title }) => title).join(', ')
      return resultOf('invariance', worstRow(rows, `It hardly matters what becomes of: ${names}.`), rows)
    },
  }),
})

/** Each listed value, or another example's number. @throws Error where the task has no such feature */
function familyOfColumn(name: string, { data, seed }: JudgedTask): Family {
  const column = data === undefined ? undefined : featureOf(data, name)
  if (column?.kind !== 'categorical') {
    const variation: Variation = { name: 'permute-column', column: name, seed }
    return { title: name, happened: `another’s ${name} changes the answer`, ways: [{ title: name, variation }] }
  }
  return {
    title: name,
    happened: `another ${name} changes the answer`,
    ways: column.values.map((value) => ({
      title: value,
      variation: { name: 'set-column', column: name, value, seed },
    })),
  }
}

function familyOfVariation(spec: VariationSpec, { seed }: JudgedTask): Family {
  const title = variationTitle(spec)
  return { title, happened: `the answer changes under ${title}`, ways: [{ title, variation: { ...spec, seed } }] }
}

interface FamilySettings {
  readonly tolerance: number
  readonly limit: number
  readonly block: number
  readonly clusters: Int32Array | undefined
}

/** An example is one case, however many ways it is changed: what becomes of it under each is not independent. */
async function judgeFamily(
  { title, happened, ways }: Family,
  model: VariableModel,
  { tolerance, limit, block, clusters }: FamilySettings,
): Promise<CheckRow> {
  const before = await model.on('gate')
  const isCase = new Uint8Array(before.labels.length)
  const isViolated = new Uint8Array(before.labels.length)
  let worst = { title, numViolations: 0, variation: ways[0]!.variation }
  for (const way of ways) {
    const { predictions, applies } = await model.under('gate', way.variation)
    const changed = invarianceViolations(before, predictions, tolerance)
    let numViolations = 0
    applies.forEach((applied, row) => {
      isCase[row]! |= applied
      isViolated[row]! |= applied & changed[row]!
      numViolations += applied & changed[row]!
    })
    if (numViolations > worst.numViolations) worst = { ...way, numViolations }
  }
  const most = ways.length > 1 && worst.numViolations > 0 ? `, most often ${worst.title} (${worst.numViolations})` : ''
  return violationRow({
    metric: `invariance to ${title}`,
    ...countCases(isCase, isViolated, clusters),
    limit,
    block,
    happened: `${happened}${most}`,
    samples: { set: 'gate', where: [], variation: worst.variation, order: 'loss' },
  })
}
