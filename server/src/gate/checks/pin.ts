import type { CheckResult, CheckRow } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import type { Evaluation, Examples, GateCheck, JudgedSet, UnknownContents } from '../contract.ts'
import { count, percent, resultOf } from '../say.ts'

const sets: readonly JudgedSet[] = ['evaluation', 'gate']

/**
 * Check 1: are these the registered sets, and fit to judge by? BLOCK where a set or the profile of its segments is not the
 * one that the task names, and where more than `maxOverlap` of a set's examples are in another one: a model may then
 * know its exam. WARN where a class has no example in the gate set, and where more than `maxOverlap` of a set are
 * duplicates, which make every interval too narrow. What examples are, ids or contents say; where nothing does, whether any
 * are there twice cannot be told. Deterministic.
 */
export const pin = policy({
  options: {
    maxOverlap: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, default: 0.001, description: 'of the smaller set; more is a leak' }),
    ),
    profileSha256: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: 'of the segments’ profile; without it, the profile follows from the evaluation set',
      }),
    ),
  },
  make: ({ maxOverlap = 0.001, profileSha256 }): GateCheck => ({
    name: 'pin',
    integrity: false,
    judges: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const [onEvaluation, onGate] = [await evaluation.examples('evaluation'), await evaluation.examples('gate')]
      const calibration = await evaluation.calibration?.examples()
      const found = { evaluation: onEvaluation, gate: onGate }
      const registered = evaluation.document.sets
      const rows = [
        ...(registered === undefined ? [] : sets.map((set) => digestRow(set, found[set], registered[set]))),
        ...(registered === undefined || calibration === undefined
          ? []
          : [digestRow('calibration', calibration, registered.calibration)]),
        ...(profileSha256 === undefined ? [] : [profileRow(onGate, profileSha256)]),
        coverageRow(onGate),
        ...(isSame(onEvaluation, onGate) ? (['gate'] as const) : sets).map((set) =>
          duplicateRow(set, found[set], maxOverlap),
        ),
        ...(isSame(onEvaluation, onGate) ? [] : [overlapRow('evaluation', onEvaluation, onGate, maxOverlap)]),
        ...(calibration === undefined ? [] : [overlapRow('calibration', calibration, onGate, maxOverlap)]),
      ]
      const worst = rows.find(({ verdict }) => verdict === 'BLOCK') ?? rows.find(({ verdict }) => verdict === 'WARN')
      return resultOf('pin', worst ?? { verdict: 'PASS', reason: fitReason(onGate, registered !== undefined) }, rows)
    },
  }),
})

function fitReason(gate: Examples, isRegistered: boolean): string {
  if (isRegistered) return 'The sets are the registered ones, and apart.'
  return 'because' in contentsOf(gate)
    ? 'The set has examples of every class. Whether any are there twice cannot be told.'
    : 'The set has examples of every class, and hardly any twice.'
}

/** What tells that two examples are the same. */
const contentsOf = ({ contents, ids }: Examples): ArrayLike<string | number> | UnknownContents => contents ?? ids

const cannotTell = (metric: string, { because }: UnknownContents): CheckRow => ({
  metric,
  verdict: 'NOT_APPLICABLE',
  reason: `${because}, so whether one is there twice cannot be told.`,
})

function digestRow(
  set: JudgedSet | 'calibration',
  { datasetSha256, numExamples }: Examples,
  registered: string,
): CheckRow {
  const about = { metric: `digest of the ${set} set`, n: numExamples }
  return datasetSha256 === registered
    ? { ...about, verdict: 'PASS', reason: `The ${set} set is the registered one, ${registered}.` }
    : { ...about, verdict: 'BLOCK', reason: `The ${set} set is ${datasetSha256}, and ${registered} is registered.` }
}

function profileRow({ profileSha256 }: Examples, registered: string): CheckRow {
  const metric = 'digest of the segments’ profile'
  return profileSha256 === registered
    ? { metric, verdict: 'PASS', reason: `The profile of the segments is the registered one, ${registered}.` }
    : {
        metric,
        verdict: 'BLOCK',
        reason: `The profile of the segments is ${profileSha256}, and ${registered} is registered.`,
      }
}

function coverageRow({ classes, labels, numExamples }: Examples): CheckRow {
  const seen = new Set(labels)
  const missing = classes.filter((_, label) => !seen.has(label))
  const about = { metric: 'classes in the gate set', n: numExamples, estimate: 1 - missing.length / classes.length }
  if (missing.length === 0) return { ...about, verdict: 'PASS', reason: 'The gate set has examples of every class.' }
  return { ...about, verdict: 'WARN', reason: `The gate set has no example of ${missing.join(', ')}.` }
}

function duplicateRow(set: JudgedSet, examples: Examples, limit: number): CheckRow {
  const metric = `duplicates in the ${set} set`
  const contents = contentsOf(examples)
  if ('because' in contents) return cannotTell(metric, contents)
  const { numExamples } = examples
  const duplicates = numExamples - distinct(contents).size
  const share = numExamples === 0 ? 0 : duplicates / numExamples
  return {
    metric,
    estimate: share,
    n: numExamples,
    margin: limit,
    verdict: share > limit ? 'WARN' : 'PASS',
    reason: `${count(duplicates, 'example')} of the ${numExamples} in the ${set} set repeat another one (${percent(share)}).`,
  }
}

function overlapRow(name: string, other: Examples, gate: Examples, limit: number): CheckRow {
  const metric = `overlap of the ${name} and the gate set`
  const [theirs, ours] = [contentsOf(other), contentsOf(gate)]
  if ('because' in theirs) return cannotTell(metric, theirs)
  if ('because' in ours) return cannotTell(metric, ours)
  const [known, judged] = [distinct(theirs), distinct(ours)]
  let shared = 0
  for (const each of judged) if (known.has(each)) shared++
  const smaller = Math.min(known.size, judged.size)
  const share = smaller === 0 ? 0 : shared / smaller
  return {
    metric,
    estimate: share,
    n: smaller,
    margin: limit,
    verdict: share > limit ? 'BLOCK' : 'PASS',
    reason: `${count(shared, 'example')} of the gate set are in the ${name} set as well (${percent(share)} of the smaller).`,
  }
}

const distinct = (contents: ArrayLike<string | number>): ReadonlySet<string | number> => new Set(Array.from(contents))

/** One recorded set may serve as both. */
const isSame = (a: Examples, b: Examples): boolean =>
  a.datasetSha256 === b.datasetSha256 && a.ids.length === b.ids.length && a.ids.every((id, i) => id === b.ids[i])
