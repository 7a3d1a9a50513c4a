import type { CheckResult, CheckRow, CurvePoint, Figure, GateVerdict } from '@panal/client-core'
import { Type, type Static, type TObject } from 'typebox'
import { policy } from '../../policy.ts'
import { when, type DocumentError } from '../../registry/document-errors.ts'
import { clusteredHarmP } from '../clustered-differences.ts'
import { referenceOf } from '../compared.ts'
import type { Evaluation, GateCheck, Variation } from '../contract.ts'
import { generalRule, type RuledVerdict } from '../general-rule.ts'
import type { Measured, Unmeasured } from '../metric-differences.ts'
import { differenceInDrops, changesUnder, discordanceUnder, dropOf, perturb, type Perturbed } from '../perturbed.ts'
import { percent, points, resultOf } from '../say.ts'
import { mcnemarHarmP } from '../statistics/mcnemar.ts'
import { benjaminiHochberg } from '../statistics/multiple-testing.ts'
import { wilsonOneSided } from '../statistics/wilson.ts'
import { canBeVaried, onlyRecorded } from '../varied-models.ts'
import { variationMisfits, VariationSpec, variationTitle } from '../variations/registry.ts'
import { worstRow } from '../violation-rate.ts'

const options = {
  variations: Type.Array(VariationSpec, {
    minItems: 1,
    maxItems: 50,
    description: 'perturbations to try; several severities of one make a curve',
  }),
  margin: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.02,
      description: 'accuracy that the candidate may lose more than the champion does',
    }),
  ),
  alpha: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 0.5, default: 0.05, description: 'of harm: after BH' }),
  ),
}
type Settings = Required<Static<TObject<typeof options>>>

/** One variation, and what it makes of the models' answers. */
interface Tried {
  readonly variation: Variation
  readonly title: string
  readonly candidate: Perturbed
  readonly reference?: Perturbed
}

/**
 * Check 16: does the candidate suffer more than the champion where examples are disturbed? For each variation, the
 * difference of what it takes from their accuracies, paired by example, by the general rule; harm is corrected for how many
 * variations are tried (Benjamini and Hochberg), and blocks where the candidate is surely worse than the champion on the
 * disturbed examples, too. Says also how the accuracy falls with severity.
 */
export const robustness = policy({
  options,
  misfits: ({ variations }, terms) => {
    const titles = variations.map(variationTitle)
    return variations.flatMap((spec, i): DocumentError[] => [
      ...when(titles.indexOf(titles[i]!) < i, `/variations/${i}`, 'repeats an earlier one'),
      ...variationMisfits(spec, terms).map((each) => ({ ...each, path: `/variations/${i}${each.path}` })),
    ])
  },
  make: ({ variations, margin = 0.02, alpha = 0.05 }): GateCheck => ({
    name: 'robustness',
    integrity: false,
    judges: false,
    critical: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      const { candidate } = evaluation
      const champion = referenceOf(evaluation, 'champion')
      if (!canBeVaried(candidate)) return resultOf('robustness', onlyRecorded)
      if ('reason' in champion && champion.verdict === 'NO_CHANGE') return resultOf('robustness', champion)
      const reference = 'reason' in champion || !canBeVaried(champion) ? undefined : champion
      const tried: Tried[] = []
      for (const spec of variations) {
        const variation: Variation = { ...spec, seed: evaluation.document.seed }
        tried.push({
          variation,
          title: variationTitle(spec),
          candidate: await perturb(candidate, variation),
          ...(reference !== undefined && { reference: await perturb(reference, variation) }),
        })
      }
      const { clusters } = await evaluation.examples('gate')
      const seed = `${evaluation.seed}/robustness`
      const rows = judgeAll(tried, { margin, alpha, seed, clusters })
      return { ...resultOf('robustness', summarise(rows), rows), ...figuresOf(tried) }
    },
  }),
})

interface Judging extends Omit<Settings, 'variations'> {
  readonly seed: string
  readonly clusters: ArrayLike<number> | undefined
}

function judgeAll(tried: readonly Tried[], settings: Judging): CheckRow[] {
  const measured = tried.map(({ candidate, reference, title }) =>
    reference === undefined || candidate.numChanged === 0
      ? undefined
      : differenceInDrops(candidate, reference, { ...settings, seed: `${settings.seed}/${title}` }),
  )
  const harms = measured.map((each) => (each !== undefined && 'harmP' in each ? each.harmP : NaN))
  const { adjusted } = benjaminiHochberg(harms)
  return tried.map((each, i) =>
    measured[i] === undefined ? rowAlone(each) : rowAgainst(each, measured[i], { ...settings, q: adjusted[i]! }),
  )
}

/** Nothing to compare with: said, and not judged. */
function rowAlone({ title, candidate, reference, variation }: Tried): CheckRow {
  const about = { metric: `accuracy under ${title}`, n: candidate.n } as const
  if (candidate.n === 0) return { ...about, verdict: 'NOT_ENOUGH_DATA', reason: 'The gate set has no examples.' }
  if (candidate.numChanged === 0)
    return { ...about, verdict: 'NOT_APPLICABLE', reason: `There is nothing in the gate set that ${title} changes.` }
  return {
    ...about,
    estimate: candidate.numRight / candidate.n,
    interval: wilsonOneSided(candidate.numRight, candidate.n, shownAlpha),
    level: 1 - 2 * shownAlpha,
    verdict: 'NOT_APPLICABLE',
    reason: `${told('The candidate', candidate, title)}${reference === undefined ? '; there is no champion to compare with' : ''}.`,
    samples: { set: 'gate', where: [], candidate: 'wrong', variation, order: 'loss' },
  }
}

function rowAgainst(
  { title, candidate, reference, variation }: Tried & { readonly reference?: Perturbed },
  measured: Measured | Unmeasured,
  { alpha, q, seed, clusters }: Judging & { readonly q: number | null },
): CheckRow {
  const about = { metric: `accuracy lost under ${title}, against champion` } as const
  if ('because' in measured)
    return { ...about, n: measured.n, verdict: 'NOT_ENOUGH_DATA', reason: `Cannot be told: ${measured.because}.` }
  const ruled = generalRule({ ...measured.comparison, isHarm: q !== null && q < alpha })
  // A model that got better on clean examples has more to lose: it is at fault where it is then worse than the champion.
  const harmP =
    clusters === undefined
      ? mcnemarHarmP(discordanceUnder(candidate, reference!))
      : clusteredHarmP(changesUnder(candidate, reference!), { seed: `${seed}/${title}/disturbed`, clusters })
  const isWorse = harmP < alpha
  const verdict = ruled === 'BLOCK' && !isWorse ? 'WARN' : ruled
  const found = `${told('The candidate', candidate, title)}, the champion ${points(-dropOf(reference!))}`
  return {
    ...about,
    ...measured.numbers,
    // The test that several are made of, and so corrected, is that of harm.
    p: measured.harmP,
    ...(q !== null && { adjustedP: q }),
    verdict,
    reason: `${found}: ${verdict === ruled ? meaning[ruled] : yetNoWorse}.`,
    samples: {
      set: 'gate',
      where: [],
      candidate: 'wrong',
      reference: { model: 'champion', was: 'right' },
      variation,
      order: 'regression',
    },
  }
}

const told = (who: string, perturbed: Perturbed, title: string): string =>
  `${who} changes ${percent(perturbed.numFlips / perturbed.n)} of its answers under ${title} and its accuracy by ${points(-dropOf(perturbed))}`

const meaning: Readonly<Record<RuledVerdict, string>> = {
  PASS: 'no more by the margin, beyond chance',
  BLOCK: 'more than the champion, beyond chance and by the margin or more',
  WARN: 'probably no more by the margin, but not beyond chance',
  NOT_ENOUGH_DATA: 'too few examples to tell whether it is more by the margin',
}

const yetNoWorse = 'more than the champion, but it is not surely worse than the champion there'

function summarise(rows: readonly CheckRow[]): { readonly verdict: GateVerdict; readonly reason: string } {
  const judged = rows.filter(({ verdict }) => verdict !== 'NOT_APPLICABLE')
  if (judged.length > 0)
    return worstRow(judged, `Disturbed examples cost it no more than they cost the champion, in ${judged.length} ways.`)
  return rows[0] ?? { verdict: 'NOT_APPLICABLE', reason: 'Nothing was tried.' }
}

const shownAlpha = 0.05

/** Accuracy by severity of each perturbation that has several, 0 being the examples as they are. */
function figuresOf(tried: readonly Tried[]): { readonly figures?: readonly Figure[] } {
  const families = new Map<string, Tried[]>()
  for (const each of tried)
    if ('severity' in each.variation)
      families.set(each.variation.name, [...(families.get(each.variation.name) ?? []), each])
  const figures = [...families].flatMap(([name, members]): Figure[] =>
    members[0]!.candidate.n === 0 ? [] : [curveOf(name, members)],
  )
  return figures.length === 0 ? {} : { figures }
}

function curveOf(name: string, members: readonly Tried[]): Figure {
  const severityOf = ({ variation }: Tried): number => ('severity' in variation ? variation.severity : 0)
  const rising = [...members].sort((a, b) => severityOf(a) - severityOf(b))
  const line = (of: (tried: Tried) => Perturbed | undefined): CurvePoint[] => {
    const [first] = rising.map(of)
    if (first === undefined) return []
    const point = (x: number, right: number): CurvePoint => ({
      x,
      y: right / first.n,
      interval: wilsonOneSided(right, first.n, shownAlpha),
    })
    return [point(0, first.numRightBefore), ...rising.map((each) => point(severityOf(each), of(each)!.numRight))]
  }
  const lines = [
    { name: 'candidate', points: line(({ candidate }) => candidate) },
    { name: 'champion', points: line(({ reference }) => reference) },
  ]
  return {
    kind: 'curve',
    title: `Accuracy under ${name}`,
    x: 'severity',
    y: 'accuracy',
    lines: lines.filter(({ points: each }) => each.length > 0),
  }
}
