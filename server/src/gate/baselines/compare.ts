import type { CheckRow } from '@panal/client-core'
import type { Evaluation, Predictions } from '../contract.ts'
import { lossDifference, minForWarn, type Measured } from '../metric-differences.ts'
import { nats, percent, pValue } from '../say.ts'
import { predictedClasses } from '../statistics/accuracy.ts'
import { effectiveSample } from '../statistics/clusters.ts'
import { logLosses } from '../statistics/log-loss.ts'
import { sum } from '../statistics/summation.ts'
import { wilsonOneSided } from '../statistics/wilson.ts'
import type { Baseline } from './baseline.ts'

export type BaselineName = 'prior' | 'majority' | 'random' | 'logistic' | 'rule' | 'human' | 'earlier'

export interface NamedBaseline {
  readonly name: BaselineName
  /** Of an earlier system. */
  readonly label?: string
  /** Where it has to be made from the data. */
  readonly baseline?: Baseline
  readonly human?: { readonly accuracy: number; readonly numExamples?: number }
}

export interface ComparisonSettings {
  readonly alpha: number
  readonly margin: number
  readonly required: ReadonlySet<BaselineName>
}

export interface ComparedBaseline {
  readonly isRequired: boolean
  readonly row: CheckRow
}

/** What the candidate gained over a baseline on each example, by which measure. */
interface Losses {
  readonly measure: 'log loss' | 'error'
  readonly candidate: Float64Array
  readonly baseline: Float64Array
}

/** A row for each baseline, in the order given. */
export async function compareBaselines(
  evaluation: Evaluation,
  listed: readonly NamedBaseline[],
  settings: ComparisonSettings,
): Promise<ComparedBaseline[]> {
  const predictions = await evaluation.candidate.on('gate')
  const { clusters } = await evaluation.examples('gate')
  const shares = classShares((await evaluation.examples('evaluation')).labels, predictions.numClasses)
  const compared: ComparedBaseline[] = []
  for (const each of listed) {
    const isRequired = settings.required.has(each.name)
    const about = { name: each.label ?? titles[each.name], isRequired }
    if (each.human !== undefined) {
      compared.push({ isRequired, row: humanRow(predictions, each.human, { ...settings, ...about, clusters }) })
      continue
    }
    const losses = await lossesOf(evaluation, each, { predictions, shares })
    const seed = `${evaluation.seed}/baselines/${about.name}`
    compared.push({ isRequired, row: rowOf(losses, { ...settings, ...about, seed, clusters }) })
  }
  return compared
}

const titles: Readonly<Record<BaselineName, string>> = {
  prior: 'the class shares',
  majority: 'the most frequent class',
  random: 'a draw by the class shares',
  logistic: 'a logistic regression',
  rule: 'the task’s rule',
  human: 'the human figure',
  earlier: 'an earlier system',
}

/** Shares of the classes with one example of each added, so that no class is impossible. */
function classShares(labels: Int32Array, numClasses: number): Float64Array {
  const counts = new Float64Array(numClasses).fill(1)
  for (const label of labels) counts[label]! += 1
  return counts.map((count) => count / (labels.length + numClasses))
}

/** Undefined where the baseline has to be made from data that this gate does not have. */
async function lossesOf(
  evaluation: Evaluation,
  { name, baseline }: NamedBaseline,
  { predictions, shares }: { readonly predictions: Predictions; readonly shares: Float64Array },
): Promise<Losses | undefined> {
  const { labels } = predictions
  if (name === 'prior')
    return {
      measure: 'log loss',
      candidate: logLosses(predictions),
      baseline: Float64Array.from(labels, (label) => -Math.log(shares[label]!)),
    }
  const errors = errorsOf(predictions)
  // A draw is not made: what it would get right on average is known.
  if (name === 'random')
    return { measure: 'error', candidate: errors, baseline: Float64Array.from(labels, (label) => 1 - shares[label]!) }
  if (name === 'majority') {
    const answer = shares.indexOf(Math.max(...shares))
    return {
      measure: 'error',
      candidate: errors,
      baseline: Float64Array.from(labels, (label) => (label === answer ? 0 : 1)),
    }
  }
  if (baseline === undefined || evaluation.baseline === undefined) return undefined
  const answers = await evaluation.baseline(baseline)
  return answers.areProbabilities
    ? { measure: 'log loss', candidate: logLosses(predictions), baseline: logLosses(answers) }
    : { measure: 'error', candidate: errors, baseline: errorsOf(answers) }
}

const errorsOf = (predictions: Predictions): Float64Array =>
  Float64Array.from(predictedClasses(predictions), (answer, row) => (answer === predictions.labels[row] ? 0 : 1))

interface RowSettings extends ComparisonSettings {
  readonly name: string
  readonly isRequired: boolean
}

function rowOf(
  losses: Losses | undefined,
  settings: RowSettings & { readonly seed: string; readonly clusters: Int32Array | undefined },
): CheckRow {
  const { name, isRequired } = settings
  if (losses === undefined)
    // What must be beaten and was not made is no evidence, whatever else was beaten.
    return {
      metric: `gain over ${name}`,
      verdict: isRequired ? 'NOT_ENOUGH_DATA' : 'NOT_APPLICABLE',
      reason: `Only predictions were recorded, so ${name} cannot be made${isRequired ? ', and the model must beat it' : ''}.`,
    }
  const { measure } = losses
  const metric = `${measure} gained over ${name}`
  const measured = lossDifference({ candidate: losses.candidate, reference: losses.baseline }, settings)
  if ('because' in measured)
    return { metric, n: measured.n, verdict: 'NOT_ENOUGH_DATA', reason: `Cannot be told: ${measured.because}.` }
  const verdict = isRequired ? mustBeat(measured, settings.alpha) : mayNotBeWorse(measured, settings.alpha)
  const show = measure === 'error' ? percent : nats
  const found = `${measure} ${show(measured.candidate)}, and ${name} has ${show(measured.reference)}`
  const { p: _, nRequired: __, ...numbers } = measured.numbers
  return {
    metric,
    ...numbers,
    p: measured.gainP,
    verdict,
    reason: `${sentences[verdict]} ${name} (${found}; ${pValue(measured.gainP)}).`,
    samples: { set: 'gate', where: [], order: 'loss' },
  }
}

type BaselineVerdict = 'PASS' | 'WARN' | 'NOT_ENOUGH_DATA' | 'BLOCK'

/** A gain is to be shown; where even the most that it may be does not matter, the model is none. */
function mustBeat({ gainP, comparison, numbers }: Measured, alpha: number): BaselineVerdict {
  if (gainP < alpha) return 'PASS'
  const most = numbers.interval?.[1] ?? Infinity
  if (comparison.n >= minForWarn && most < comparison.margin) return 'BLOCK'
  return comparison.estimate > 0 && comparison.n >= minForWarn ? 'WARN' : 'NOT_ENOUGH_DATA'
}

function mayNotBeWorse({ gainP, harmP }: Measured, alpha: number): BaselineVerdict {
  if (gainP < alpha) return 'PASS'
  return harmP < alpha ? 'WARN' : 'NOT_ENOUGH_DATA'
}

const sentences: Readonly<Record<BaselineVerdict, string>> = {
  PASS: 'Better beyond chance than',
  WARN: 'Not as good as it should be beside',
  NOT_ENOUGH_DATA: 'Cannot be told apart from',
  BLOCK: 'No better by enough to matter than',
}

/**
 * A figure of accuracy from elsewhere: two samples, each with its own bounds, of as many independent examples as clusters
 * are worth. Source: Newcombe 1998, method 10; Rao and Scott 1992.
 */
function humanRow(
  predictions: Predictions,
  { accuracy, numExamples }: { readonly accuracy: number; readonly numExamples?: number },
  { alpha, margin, name, isRequired, clusters }: RowSettings & { readonly clusters: Int32Array | undefined },
): CheckRow {
  const n = predictions.labels.length
  const metric = `accuracy gained over ${name}`
  if (n < minForWarn)
    return {
      metric,
      n,
      verdict: 'NOT_ENOUGH_DATA',
      reason: `Cannot be told from ${n} examples, it needs ${minForWarn}.`,
    }
  const errors = errorsOf(predictions)
  const right = n - sum(errors)
  const effect = clusters === undefined ? 1 : effectiveSample(errors, clusters, alpha).designEffect
  const own = right / n
  const [low, high] = wilsonOneSided(right / effect, n / effect, alpha)
  const [humanLow, humanHigh] =
    numExamples === undefined ? [accuracy, accuracy] : wilsonOneSided(accuracy * numExamples, numExamples, alpha)
  const estimate = own - accuracy
  const interval = [
    estimate - Math.hypot(own - low, humanHigh - accuracy),
    estimate + Math.hypot(high - own, accuracy - humanLow),
  ] as const
  const least = margin * (1 - accuracy)
  const verdict = humanVerdict(interval, { estimate, least, isRequired })
  return {
    metric,
    estimate,
    interval,
    level: 1 - 2 * alpha,
    n,
    margin: least,
    test: clusters === undefined ? 'Newcombe' : 'Newcombe, clients by design effect',
    verdict,
    reason: `${sentences[verdict]} ${name} (accuracy ${percent(own)}, and ${name} is ${percent(accuracy)}).`,
    samples: { set: 'gate', where: [], candidate: 'wrong', order: 'loss' },
  }
}

function humanVerdict(
  [lower, upper]: readonly [number, number],
  of: { readonly estimate: number; readonly least: number; readonly isRequired: boolean },
): BaselineVerdict {
  if (lower > 0) return 'PASS'
  if (!of.isRequired) return upper < 0 ? 'WARN' : 'NOT_ENOUGH_DATA'
  if (upper < of.least) return 'BLOCK'
  return of.estimate > 0 ? 'WARN' : 'NOT_ENOUGH_DATA'
}
