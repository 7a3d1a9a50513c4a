import type { CheckResult, CheckRow, GateVerdict } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../../policy.ts'
import { referenceOf } from '../compared.ts'
import type { CaseSet, Evaluation, Examples, GateCheck, JudgedModel, Predictions } from '../contract.ts'
import { count, percent, resultOf } from '../say.ts'
import { apply, chooseCalibrator, servedMethod } from '../served.ts'
import { predictedClasses } from '../statistics/accuracy.ts'

/** Failed cases that get a row of their own. */
const maxListed = 20
/** Of those, how many the sentence names. */
const maxNamed = 3

/** One case that the candidate answers wrongly. */
interface Failure {
  /** `case 3`: the third of the file. */
  readonly name: string
  /** `“no” where “yes” is right (91.20 %)` */
  readonly said: string
  /** The champion does not fail it; where there is none, that is so of each. */
  readonly isNew: boolean
}

/**
 * Check 14: minimum functionality. A stored dataset of cases that any model must answer exactly, as it is served. BLOCK where the candidate
 * fails one that the champion does not fail, or answers less than the share `least`, which a first model has to answer;
 * WARN where it fails others; PASS where it fails none. No statistics: says which.
 */
export const cases = policy({
  options: {
    dataset: Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: 'SHA-256 of the cases, stored as a dataset: the task’s own format, the label is the answer',
    }),
    least: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        description:
          'share of the cases that every model must answer; left out, a first model must answer all, and others what the champion does',
      }),
    ),
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 80, description: 'what the cases are about' })),
  },
  variant: ({ dataset }) => dataset,
  needs: ({ dataset }) => ({ examples: [{ path: '/dataset', sha256: dataset }] }),
  make: ({ dataset, least, title }): GateCheck => ({
    name: 'cases',
    variant: title ?? dataset.slice(0, 8),
    integrity: false,
    judges: false,
    async judge(evaluation: Evaluation): Promise<CheckResult> {
      if (evaluation.cases === undefined)
        return resultOf('cases', {
          verdict: 'NOT_APPLICABLE',
          reason: 'Only predictions were recorded, so no model can be asked about other examples.',
        })
      const champion = referenceOf(evaluation, 'champion')
      if ('reason' in champion && champion.verdict === 'NO_CHANGE') return resultOf('cases', champion)
      const set = evaluation.cases(dataset)
      const { numExamples } = await set.examples()
      const reference = 'reason' in champion ? null : champion
      const failures = await failuresOn(set, {
        candidate: await servedAnswers(evaluation, set, evaluation.candidate),
        reference: reference && (await servedAnswers(evaluation, set, reference)),
      })
      const whole = wholeRow(failures, { title, numCases: numExamples, hasReference: reference !== null, least })
      return resultOf('cases', whole, [
        whole,
        ...failures.slice(0, maxListed).map((each) => failureRow(each, reference === null ? whole.verdict : null)),
      ])
    },
  }),
})

/** What people would be told, or are: a calibrator may make another class the answer. */
async function servedAnswers(evaluation: Evaluation, set: CaseSet, model: JudgedModel): Promise<Predictions> {
  const method = servedMethod(evaluation.document)
  const calibrator =
    method === null ? (model.calibrator ?? null) : (await chooseCalibrator(evaluation, model, method)).calibrator
  return apply(calibrator, await set.of(model))
}

/** New ones first, then by their place in the file. */
async function failuresOn(
  set: CaseSet,
  { candidate, reference }: { candidate: Predictions; reference: Predictions | null },
): Promise<Failure[]> {
  const examples = await set.examples()
  const answers = predictedClasses(candidate)
  const theirs = reference === null ? null : predictedClasses(reference)
  const failed = [...examples.labels.keys()].filter((row) => answers[row] !== examples.labels[row])
  return failed
    .map((row) => ({ row, isNew: theirs === null || theirs[row] === examples.labels[row] }))
    .sort((a, b) => Number(b.isNew) - Number(a.isNew) || examples.rows[a.row]! - examples.rows[b.row]!)
    .map(({ row, isNew }) => ({
      name: `case ${examples.rows[row]! + 1}`,
      said: said(examples, candidate, { row, answer: answers[row]! }),
      isNew,
    }))
}

function said(
  { classes, labels }: Examples,
  { probabilities, numClasses }: Predictions,
  { row, answer }: { row: number; answer: number },
): string {
  const sure = percent(probabilities[row * numClasses + answer]!)
  return `“${classes[answer]}” where “${classes[labels[row]!]}” is right (${sure} sure)`
}

interface Whole {
  readonly title: string | undefined
  readonly numCases: number
  readonly hasReference: boolean
  readonly least: number | undefined
}

function wholeRow(failures: readonly Failure[], { title, numCases, hasReference, least }: Whole): CheckRow {
  const metric = title === undefined ? 'failed cases' : `failed cases: ${title}`
  const about = { metric, n: numCases, test: 'exact', ...(least !== undefined && { margin: 1 - least }) } as const
  if (numCases === 0) return { ...about, verdict: 'NOT_ENOUGH_DATA', reason: 'There are no cases.' }
  const row = (verdict: GateVerdict, reason: string): CheckRow => ({
    ...about,
    estimate: failures.length / numCases,
    verdict,
    reason,
  })
  if (failures.length === 0) return row('PASS', `It answers all ${count(numCases, 'case')}.`)
  const failed = `It fails ${failures.length} of ${count(numCases, 'case')}`
  const news = failures.filter(({ isNew }) => isNew)
  if (hasReference && news.length > 0)
    return row('BLOCK', `It fails ${count(news.length, 'case')} that the champion answers ${listed(news)}.`)
  const numRight = numCases - failures.length
  if (numRight < leastRight(numCases, { least, hasReference }))
    return row('BLOCK', `${failed}, and ${percent(least ?? 1)} must be answered ${listed(failures)}.`)
  return row('WARN', `${failed}${hasReference ? ', as the champion does' : ''} ${listed(failures)}.`)
}

/** A hair's breadth less, so that 0.9 of 10 cases are 9. */
const leastRight = (numCases: number, { least, hasReference }: Pick<Whole, 'least' | 'hasReference'>): number =>
  (least ?? (hasReference ? 0 : 1)) * numCases - 1e-9

function listed(failures: readonly Failure[]): string {
  const named = failures.slice(0, maxNamed).map(({ name, said: what }) => `${name}: ${what}`)
  const rest = failures.length > maxNamed ? `; and ${failures.length - maxNamed} more` : ''
  return `(${named.join('; ')}${rest})`
}

/** Where there is no champion, `alone` is what all failures together come to. */
function failureRow({ name, said: what, isNew }: Failure, alone: GateVerdict | null): CheckRow {
  const theirs = isNew ? '; the champion answers it' : '; the champion fails it, too'
  return {
    metric: name,
    verdict: alone ?? (isNew ? 'BLOCK' : 'WARN'),
    reason: `It says ${what}${alone === null ? theirs : ''}.`,
  }
}
