import type { TaskDocument } from '@panal/client-core'
import type { DocumentError } from './document-errors.ts'

/** A rule that ties several fields together. The document has passed its schema. */
type Rule = (document: TaskDocument) => DocumentError[]

const when = (broken: boolean, path: string, message: string): DocumentError[] => (broken ? [{ path, message }] : [])

/** One error for each item whose key an earlier item has. */
const repeated = (keys: readonly string[], pathOf: (index: number) => string): DocumentError[] =>
  keys.flatMap((key, i) => when(keys.indexOf(key) < i, pathOf(i), `repeats an earlier one`))

const cohortFits: Rule = ({ cohort: { size, overSelection, reportingGoal, minimum } }) => {
  const asked = Math.ceil(size * overSelection)
  return [
    ...when(
      reportingGoal > asked,
      '/cohort/reportingGoal',
      `must be at most ${asked}, the devices asked (⌈size × overSelection⌉)`,
    ),
    ...when(minimum > reportingGoal, '/cohort/minimum', `must be at most the reporting goal, ${reportingGoal}`),
  ]
}

const leaseOutlivesHeartbeats: Rule = ({ lease: { heartbeatMs, leaseMs } }) =>
  when(
    leaseMs < 2 * heartbeatMs,
    '/lease/leaseMs',
    `must be at least ${2 * heartbeatMs}, two heartbeats: one may be lost`,
  )

const lossFitsClasses: Rule = ({ loss, data: { classes } }) =>
  when(
    loss === 'binary-crossentropy' && classes.length !== 2,
    '/loss',
    `binary-crossentropy needs 2 classes; data.classes has ${classes.length}`,
  )

const columnsAreDistinct: Rule = ({ data }) => {
  if (data.kind !== 'table') return []
  const names = data.columns.map(({ name }) => name)
  return [
    ...repeated(names, (i) => `/data/columns/${i}/name`),
    ...when(names.includes(data.label.column), '/data/label/column', 'the label must not be a feature as well'),
  ]
}

/** Which columns a table has is known only from the data: `checkData` looks there. */
const imagesHaveNoSegments: Rule = ({ data, segments }) =>
  when(data.kind === 'image' && segments.length > 0, '/segments', 'images have no columns to tell segments by')

const checksFit: Rule = ({ strategy: { checks }, plan, eligibility }) => [
  ...repeated(
    checks.map(({ name }) => name),
    (i) => `/strategy/checks/${i}/name`,
  ),
  ...checks.flatMap((check, i) => {
    const path = `/strategy/checks/${i}`
    if (check.name === 'max-norm')
      return when(
        plan.clipNorm !== undefined && check.maxNorm < plan.clipNorm,
        `${path}/maxNorm`,
        `must be at least plan.clipNorm, ${plan.clipNorm}, or honest updates are refused`,
      )
    if (check.name !== 'weight-range') return []
    const { minExamples, maxExamples } = check
    const most = plan.maxExamples ?? Infinity
    const least = eligibility.minExamples ?? 1
    return [
      ...when(minExamples > maxExamples, `${path}/minExamples`, `must be at most maxExamples, ${maxExamples}`),
      ...when(minExamples > most, `${path}/minExamples`, `must be at most plan.maxExamples, ${most}`),
      ...when(least > maxExamples, `${path}/maxExamples`, `must be at least eligibility.minExamples, ${least}`),
    ]
  }),
]

const setsAreDistinct: Rule = ({ sets, samples }) => {
  const names = Object.keys(sets) as (keyof typeof sets)[]
  const used = new Map(names.map((name) => [sets[name], name]))
  return [
    ...repeated(
      names.map((name) => sets[name]),
      (i) => `/sets/${names[i]}`,
    ),
    ...samples.flatMap(({ sha256 }, i) =>
      when(used.has(sha256), `/samples/${i}/sha256`, `is the ${used.get(sha256)} set, which must stay private`),
    ),
    ...repeated(
      samples.map(({ label }) => label),
      (i) => `/samples/${i}/label`,
    ),
  ]
}

const gateJudges: Rule = ({ gate: { checks } }) => [
  ...when(
    checks.every(({ name }) => name === 'integrity'),
    '/gate/checks',
    'needs a check besides integrity, or every model that is not broken is promoted',
  ),
  ...repeated(
    checks.map((check) => (check.name === 'no-regression' ? `${check.name} ${check.against}` : check.name)),
    (i) => `/gate/checks/${i}/name`,
  ),
]

const rules: readonly Rule[] = [
  cohortFits,
  leaseOutlivesHeartbeats,
  lossFitsClasses,
  columnsAreDistinct,
  imagesHaveNoSegments,
  checksFit,
  setsAreDistinct,
  gateJudges,
]

/** What no single field can say. */
export const crossFieldErrors = (document: TaskDocument): DocumentError[] => rules.flatMap((rule) => rule(document))
