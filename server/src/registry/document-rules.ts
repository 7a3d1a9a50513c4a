import type { TaskTerms } from '@panal/client-core'
import { preAggregators } from '../aggregate/before/registry.ts'
import { makeAggregator } from '../aggregate/make-aggregator.ts'
import { aggregators } from '../aggregate/registry.ts'
import type { PreAggregator } from '../aggregate/whole-batch.ts'
import { checks } from '../check/registry.ts'
import { gateChecks, makeGateChecks } from '../gate/checks/registry.ts'
import { isThreshold } from '../gate/verdict.ts'
import { labelColumn } from '../gate/segment-profile.ts'
import { segmentColumnNames } from '../gate/segments.ts'
import { optimizers } from '../optimizer/registry.ts'
import { makePolicy, type PolicyRegistry } from '../policy.ts'
import { samplers } from '../sample/registry.ts'
import type { Aggregator, ServerOptimizer } from '../strategy/strategy.ts'
import { when, type DocumentError } from './document-errors.ts'
import type { TaskDocument } from './task-document.ts'

/** A rule that ties several fields together. The document has passed its schema. */
type Rule = (document: TaskDocument) => DocumentError[]

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
const imagesHaveLabelsOnly: Rule = ({ data, segments }) =>
  when(
    data.kind === 'image' && segmentColumnNames(segments).some((name) => name !== labelColumn),
    '/segments',
    `images have no columns to tell segments by, but ${labelColumn}`,
  )

/** Names of clients are no feature, no label and no segment: no report may tell them. Whether the sets have them, `checkData` looks. */
const clientsAreNotShown: Rule = ({ data, segments, clientColumn }) => {
  if (clientColumn === undefined) return []
  if (data.kind === 'image') return [{ path: '/clientColumn', message: 'images have no columns to tell clients by' }]
  return [
    ...when(
      data.columns.some(({ name }) => name === clientColumn),
      '/clientColumn',
      'must not be a feature: a model would learn who somebody is',
    ),
    ...when(data.label.column === clientColumn, '/clientColumn', 'is the label'),
    ...when(
      segmentColumnNames(segments).includes(clientColumn),
      '/clientColumn',
      'must not be a segment as well: reports would name clients',
    ),
  ]
}

type AnySpec = { readonly name: string }
type AnyPolicies<Terms> = PolicyRegistry<unknown, Terms>

const policyFits = <Terms>(policies: AnyPolicies<Terms>, spec: AnySpec, path: string, terms: Terms): DocumentError[] =>
  (policies[spec.name]?.misfits?.(spec, terms) ?? []).map((misfit) => ({ ...misfit, path: path + misfit.path }))

const listFits = <Terms>(
  policies: AnyPolicies<Terms>,
  specs: readonly AnySpec[],
  path: string,
  terms: Terms,
): DocumentError[] => [
  ...repeated(
    specs.map((spec) => `${spec.name} ${policies[spec.name]?.variant?.(spec) ?? ''}`),
    (i) => `${path}/${i}/name`,
  ),
  ...specs.flatMap((spec, i) => policyFits(policies, spec, `${path}/${i}`, terms)),
]

/**
 * What is wrong with a list of gate checks, by paths from the gate section. They may look at the data's schema and at no
 * other term of a task: predictions that were recorded have no more.
 */
export const gateErrors = ({ checks }: TaskDocument['gate'], terms: Pick<TaskTerms, 'data'>): DocumentError[] => [
  ...listFits<Pick<TaskTerms, 'data'>>(gateChecks, checks, '/checks', terms),
  ...when(
    !makeGateChecks(checks).some(isThreshold),
    '/checks',
    'needs a check that says how good a model is, or none is ever promoted',
  ),
]

/** What each policy says of its own options. */
const policiesFit: Rule = (document) => {
  const { strategy, gate } = document
  return [
    ...policyFits(samplers, strategy.sampler, '/strategy/sampler', document),
    ...listFits(checks, strategy.checks, '/strategy/checks', document),
    ...listFits(preAggregators, strategy.preAggregators ?? [], '/strategy/preAggregators', document),
    ...policyFits(aggregators, strategy.aggregator, '/strategy/aggregator', document),
    ...policyFits(optimizers, strategy.serverOptimizer, '/strategy/serverOptimizer', document),
    ...gateErrors(gate, document).map(({ path, message }) => ({ path: `/gate${path}`, message })),
  ]
}

/** The aggregator of each correction. */
const takenBy = { scaffold: 'scaffold', feddyn: 'mean' } as const

/** Devices that correct themselves need a server that does its half. */
const correctionIsWhole: Rule = ({ plan: { correction }, strategy: { aggregator, serverOptimizer, weight } }) => {
  if (correction === undefined) return []
  const { name } = correction
  return [
    ...when(serverOptimizer.name !== name, '/strategy/serverOptimizer/name', `must be ${name}, as plan.correction is`),
    ...when(
      aggregator.name !== takenBy[name],
      '/strategy/aggregator/name',
      `must be ${takenBy[name]} for plan.correction ${name}`,
    ),
    ...when(
      weight !== 'uniform',
      '/strategy/weight',
      `must be uniform for plan.correction ${name}: its vectors are means`,
    ),
  ]
}

/** What a correction shares among devices goes with one base, and with all of a round: none of it may be of an older one. */
const correctionIsFresh: Rule = ({ cohort: { maxStaleness = 0 }, plan, strategy }) => {
  const optimizer: ServerOptimizer = makePolicy(optimizers, strategy.serverOptimizer)
  return when(
    maxStaleness > 0 && (plan.correction !== undefined || optimizer.sharesState === true),
    '/cohort/maxStaleness',
    `must be 0 with ${plan.correction === undefined ? `the server optimizer ${optimizer.name}` : `plan.correction ${plan.correction.name}`}: devices correct themselves by what all of one round have in common`,
  )
}

const minimumFeedsAggregator: Rule = ({ strategy, cohort }) => {
  const alone: Aggregator = makePolicy(aggregators, strategy.aggregator)
  const { preAggregators = [] } = strategy
  if (preAggregators.length > 0 && alone.batch === undefined)
    return [
      {
        path: '/strategy/aggregator/name',
        message: `${alone.name} takes updates as they come: with preAggregators choose another`,
      },
    ]
  const { name, minUpdates } = makeAggregator(strategy)
  const { minimum, reportingGoal } = cohort
  const along = reportingGoal < minUpdates ? ` with cohort.size and cohort.reportingGoal, ${reportingGoal}` : ''
  const lower = ['f', 'm'].filter((param) => [...preAggregators, strategy.aggregator].some((each) => param in each))
  return when(
    minimum < minUpdates,
    '/cohort/minimum',
    `must be at least ${minUpdates}, the updates that ${name} takes, and is ${minimum}: ` +
      `raise it${along}${lower.length > 0 ? `, or lower ${lower.join(' or ')}` : ''}`,
  )
}

/** Its own update is as fresh as the base, and all others are brought to its length: none would count less for being stale. */
const rootIsUsed: Rule = ({ strategy, sets, cohort: { maxStaleness = 0 } }) => {
  const { name, usesRoot = false }: Aggregator = makePolicy(aggregators, strategy.aggregator)
  return [
    ...when(
      usesRoot && sets.root === undefined,
      '/sets/root',
      `is missing: ${name} trains on it. Store examples like the devices' (panal dataset add), and give their digest`,
    ),
    ...when(
      usesRoot && maxStaleness > 0,
      '/cohort/maxStaleness',
      `must be 0 with ${name}: it takes all updates at one length, so that none would count less for being stale`,
    ),
    ...when(!usesRoot && sets.root !== undefined, '/sets/root', `is of no use: ${name} trains on nothing`),
  ]
}

/** Norms of earlier rounds are those of updates as they arrived: nothing else could be held against them. */
const windowComesFirst: Rule = ({ strategy: { preAggregators: specs = [] } }) =>
  specs.flatMap((spec, i) => {
    const { name, numEarlierRounds = 0 }: PreAggregator = makePolicy(preAggregators, spec)
    const path = `/strategy/preAggregators/${i}/window`
    return when(
      i > 0 && numEarlierRounds > 0,
      path,
      `needs ${name} to come first: earlier norms are of updates as they came`,
    )
  })

const setsAreDistinct: Rule = ({ sets, samples }) => {
  const named = Object.entries(sets)
  const used = new Map(named.map(([name, sha256]) => [sha256, name]))
  return [
    ...repeated(Object.values(sets), (i) => `/sets/${named[i]?.[0]}`),
    ...samples.flatMap(({ sha256 }, i) =>
      when(used.has(sha256), `/samples/${i}/sha256`, `is the ${used.get(sha256)} set, which must stay private`),
    ),
    ...repeated(
      samples.map(({ label }) => label),
      (i) => `/samples/${i}/label`,
    ),
  ]
}

const rules: readonly Rule[] = [
  cohortFits,
  leaseOutlivesHeartbeats,
  lossFitsClasses,
  columnsAreDistinct,
  imagesHaveLabelsOnly,
  clientsAreNotShown,
  policiesFit,
  correctionIsWhole,
  correctionIsFresh,
  minimumFeedsAggregator,
  rootIsUsed,
  windowComesFirst,
  setsAreDistinct,
]

/** What no single field can say. */
export const crossFieldErrors = (document: TaskDocument): DocumentError[] => rules.flatMap((rule) => rule(document))
