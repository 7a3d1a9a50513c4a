import type { CheckResult, CheckRow, Figure } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { changesOf, comparedWith } from '../compared.ts'
import type { Evaluation, Examples, GateCheck } from '../contract.ts'
import {
  countChanges,
  discoverSlices,
  splitInHalf,
  tableOf,
  type FoundSlice,
  type SearchSettings,
} from '../discover-slices.ts'
import { count, points, pValue, resultOf } from '../say.ts'
import { labelColumn } from '../segment-profile.ts'
import { bootstrapMean } from '../statistics/bootstrap.ts'
import { accuracyDifference, type Discordance } from '../statistics/discordance.ts'
import { mcnemarHarmP } from '../statistics/mcnemar.ts'
import { holm } from '../statistics/multiple-testing.ts'
import { minimumDetectable } from '../statistics/sample-size.ts'
import { rowsOf } from '../statistics/slice-table.ts'
import { tangoInterval } from '../statistics/tango.ts'
import { wilsonOneSided } from '../statistics/wilson.ts'

interface Settings extends SearchSettings {
  readonly alpha: number
  readonly effect: number
  readonly minExamples: number
  /** Of the bootstrap. */
  readonly seed: string
}

/**
 * Check 11: is there a part of the examples, named by nobody, on which the candidate is worse than the champion? SliceLine
 * looks for it on one half of the gate set (by how much each example's log loss rose), and the other half has to confirm
 * it: the worst of a hundred healthy slices always looks bad where it was found. BLOCK where the accuracy of a slice on the
 * other half fell by `effect` or more, beyond chance after Holm's correction for the slices tested. WARN where it fell so
 * far and only the correction takes the evidence away, or where it surely fell and by less. The true class is no column of
 * it unless the task says so.
 */
export const slices = policy({
  options: {
    k: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: 10, description: 'slices that are looked at' })),
    alpha: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 0.5, default: 0.05 })),
    effect: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.05, description: 'fall of accuracy that blocks' }),
    ),
    minExamples: Type.Optional(
      Type.Integer({ minimum: 10, default: 30, description: 'of a slice, in the half that confirms' }),
    ),
    maxLevel: Type.Optional(Type.Integer({ minimum: 1, maximum: 4, default: 3, description: 'columns in a slice' })),
    maxSlices: Type.Optional(
      Type.Integer({ minimum: 1000, default: 2e6, description: 'slices that are looked at before the search ends' }),
    ),
    label: Type.Optional(
      Type.Boolean({ default: false, description: 'whether the true class is one of the columns that are searched' }),
    ),
  },
  make: ({
    k = 10,
    alpha = 0.05,
    effect = 0.05,
    minExamples = 30,
    maxLevel = 3,
    maxSlices = 2e6,
    label = false,
  }): GateCheck => ({
    name: 'slices',
    integrity: false,
    critical: false,
    judges: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const pair = await comparedWith(evaluation, 'champion')
      if ('reason' in pair) return resultOf('slices', pair)
      const examples = searched(await evaluation.examples('gate'), label)
      if (examples.segments.length === 0)
        return resultOf('slices', { verdict: 'NOT_APPLICABLE', reason: 'The examples have no columns to search.' })
      const halves = splitInHalf(examples, `${evaluation.document.seed}/slices`)
      const seed = `${evaluation.seed}/slices`
      const settings = { k, alpha, effect, minExamples, maxLevel, maxSlices, seed }
      // Fewer than two slices in a half: it is searched, and nothing can stand out in it.
      const smaller = Math.min(halves.discovery.length, halves.confirmation.length)
      if (smaller < 2 * minExamples)
        return resultOf('slices', {
          verdict: 'NOT_ENOUGH_DATA',
          reason: `Half of the gate set is ${count(smaller, 'example')}, and to find a slice of ${minExamples} and confirm it takes twice as many in each half.`,
        })
      const changes = changesOf(pair)
      const { segments } = examples
      const { found, cut } = discoverSlices(pair, { segments, rows: halves.discovery, changes }, settings)
      const rows = confirm(found, { changes, examples, rows: halves.confirmation }, settings)
      const figures = forest(rows, effect)
      return {
        ...resultOf('slices', summary(rows, cut), cut === undefined ? rows : [...rows, cut]),
        ...(figures.length > 0 && { figures }),
      }
    },
  }),
})

/** Without the true class: it is unknown when the model is asked, and to move a threshold is to trade one for the other. */
const searched = (examples: Examples, label: boolean): Examples =>
  label ? examples : { ...examples, segments: examples.segments.filter(({ name }) => name !== labelColumn) }

interface ConfirmedOn {
  readonly changes: Int8Array
  readonly examples: Examples
  readonly rows: Int32Array
}

function confirm(
  found: readonly FoundSlice[],
  { changes, examples, rows }: ConfirmedOn,
  settings: Settings,
): CheckRow[] {
  const { segments, clusters } = examples
  const table = tableOf(segments, rows)
  const tested = found.map((each): Tested => {
    const members = rowsOf(table, each.slice, rows.length).map((at) => rows[at]!)
    const counts = countChanges(changes, members)
    if (counts.n < settings.minExamples) return { ...each, counts }
    const of = clusters && members.map((row) => clusters[row]!)
    const evidence =
      of === undefined
        ? byExamples(counts, settings)
        : byClients(changes, { members, of, counts, slice: nameOf(each) }, settings)
    return { ...each, counts, evidence }
  })
  const { adjusted } = holm(tested.map(({ evidence }) => evidence?.p ?? NaN))
  return tested.map((each, i) => rowOf(each, adjusted[i] ?? undefined, settings))
}

const nameOf = ({ where }: Pick<FoundSlice, 'where'>): string =>
  where.map(({ column, value }) => `${column}=${value}`).join(', ')

/** How surely the accuracy of a slice fell; p of H₀ "it did not". */
interface Evidence {
  readonly p: number
  readonly interval: readonly [number, number]
  readonly test: string
}

type Tested = FoundSlice & { readonly counts: Discordance; readonly evidence?: Evidence }

const byExamples = (counts: Discordance, { alpha }: Settings): Evidence => ({
  p: mcnemarHarmP(counts),
  interval: tangoInterval(counts, alpha),
  test: 'one-sided McNemar mid-p, Holm',
})

function byClients(
  changes: Int8Array,
  { members, of, counts, slice }: { members: Int32Array; of: Int32Array; counts: Discordance; slice: string },
  { alpha, seed }: Settings,
): Evidence {
  const key = { seed, metric: 'accuracy', slice }
  const differences = Array.from(members, (row) => changes[row]!)
  const drawn = bootstrapMean(differences, { clusters: of, key, alpha })
  const isTold = drawn !== undefined && !drawn.isDegenerate
  return {
    // Too few clients, or all alike: nothing is proven, and the interval of examples is shown.
    p: isTold ? drawn.pAtLeast(0) : 1,
    interval: isTold ? drawn.interval : tangoInterval(counts, alpha),
    test: 'percentile-t bootstrap of clients, one-sided, Holm',
  }
}

function rowOf(
  { where, discovery, counts, evidence }: Tested,
  adjustedP: number | undefined,
  settings: Settings,
): CheckRow {
  const { alpha, effect, minExamples } = settings
  const segment = nameOf({ where })
  const foundOn = `found on ${count(discovery.n, 'other example')}, where it is ${points(accuracyDifference(discovery))}`
  const about = {
    metric: 'accuracy against champion',
    segment,
    n: counts.n,
    margin: effect,
    samples: { set: 'gate', where, order: 'regression' },
  } as const
  if (evidence === undefined || adjustedP === undefined)
    return {
      ...about,
      verdict: 'NOT_ENOUGH_DATA',
      reason: `Only ${count(counts.n, 'example')} in the half that confirms, and ${minExamples} are needed (${foundOn}).`,
    }
  const estimate = accuracyDifference(counts)
  const share = wilsonOneSided(counts.lost + counts.won, counts.n, alpha)[1]
  const verdict = verdictOn({ estimate, p: evidence.p, adjustedP }, settings)
  const figures = `${points(estimate)} on ${count(counts.n, 'example')}, ${pValue(adjustedP)} corrected; ${foundOn}`
  return {
    ...about,
    ...evidence,
    estimate,
    level: 1 - 2 * alpha,
    discordance: share,
    mdd: minimumDetectable(counts.n, share, { alpha }),
    adjustedP,
    verdict,
    reason: `${meaning[verdict]} (${figures}).`,
  }
}

function verdictOn(
  { estimate, p, adjustedP }: { readonly estimate: number; readonly p: number; readonly adjustedP: number },
  { alpha, effect }: Settings,
): keyof typeof meaning {
  const isFarBelow = estimate <= -effect
  const isHarm = adjustedP < alpha && estimate < 0
  if (isHarm && isFarBelow) return 'BLOCK'
  return isHarm || (isFarBelow && p < alpha) ? 'WARN' : 'PASS'
}

const meaning = {
  BLOCK: 'The other half confirms that the candidate is worse here, beyond chance and by enough to matter',
  WARN: 'The other half gives weak evidence that the candidate is worse here',
  PASS: 'The other half does not confirm it',
} as const

const claims = { BLOCK: 'Worse', WARN: 'Perhaps worse' } as const

function summary(rows: readonly CheckRow[], cut: CheckRow | undefined): Pick<CheckResult, 'verdict' | 'reason'> {
  for (const verdict of ['BLOCK', 'WARN'] as const) {
    const bad = rows.filter((row) => row.verdict === verdict)
    if (bad.length > 0)
      return {
        verdict,
        reason: `${claims[verdict]} on ${bad.map(({ segment }) => segment).join('; ')}. ${bad[0]!.reason}`,
      }
  }
  if (cut !== undefined) return { verdict: cut.verdict, reason: cut.reason }
  if (rows.length === 0) return { verdict: 'PASS', reason: 'No slice of the examples stands out against the champion.' }
  const numTested = rows.filter(({ verdict }) => verdict === 'PASS').length
  return numTested === 0
    ? {
        verdict: 'NOT_ENOUGH_DATA',
        reason: `None of ${count(rows.length, 'slice')} found has enough other examples to be confirmed.`,
      }
    : { verdict: 'PASS', reason: `Of ${count(rows.length, 'slice')} found on one half, the other half confirms none.` }
}

function forest(rows: readonly CheckRow[], effect: number): Figure[] {
  const lines = rows.flatMap(({ segment, estimate, interval, n, verdict }) =>
    segment === undefined || estimate === undefined || interval === undefined || n === undefined
      ? []
      : [{ label: segment, estimate, interval, n, verdict }],
  )
  if (lines.length === 0) return []
  return [{ kind: 'forest', title: 'Slices found, on the half that confirms', unit: 'accuracy', margin: effect, lines }]
}
