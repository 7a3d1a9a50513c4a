import { makeRng } from '@panal/client-core'
import { makeGateChecks, type GateCheckSpec } from '../checks/registry.ts'
import type { Evaluation, JudgedModel, Predictions } from '../contract.ts'
import { accuracy } from '../statistics/accuracy.ts'
import { meanLogLoss } from '../statistics/log-loss.ts'
import { mean } from '../statistics/summation.ts'
import { overallVerdict } from '../verdict.ts'
import { forget } from './changes/forget.ts'
import { asRecorded, drawSet, type DrawnSet } from './draw-sets.ts'
import type { Recording } from './recording.ts'
import type { Change } from './side.ts'

/** A champion after so many rounds, on all examples that were recorded: mean over the simulations. */
export interface DriftPoint {
  readonly round: number
  readonly accuracy: number
  readonly logLoss: number
}

/** What became of the champion under some of the task's checks. */
export interface DriftLine {
  readonly name: 'against the champion only' | 'against champion and anchor'
  /** Promotions of each simulation, on average. */
  readonly numPromoted: number
  readonly points: readonly DriftPoint[]
}

/** Rounds in which every candidate is a little worse than its champion: less than any one comparison can see. */
export interface DriftReport {
  readonly rounds: number
  readonly runs: number
  /** By what share of the margin of log loss each candidate is worse. */
  readonly shareOfMargin: number
  /** The same in nats, at the first champion. */
  readonly harm: number
  readonly lines: readonly DriftLine[]
}

export interface DriftOptions {
  readonly rounds: number
  readonly runs: number
  readonly seed: number
  readonly signal: AbortSignal
}

const shareOfMargin = 0.3
/** Of the check where the task leaves it out: `no-regression`'s own. */
const defaultMargin = 0.02

type Comparison = Extract<GateCheckSpec, { name: 'no-regression' }>
const isComparison = (check: GateCheckSpec): check is Comparison => check.name === 'no-regression'
const isByLoss = ({ against, metric }: Comparison): boolean =>
  against === 'champion' && (metric ?? 'log-loss') === 'log-loss'

/**
 * Bio-creep, with and without the anchor: in each round the candidate is the champion with a few more of its right answers
 * forgotten, and the task's checks `no-regression` alone judge, on one gate set drawn once for each simulation, as a task
 * judges round after round by the same set. Null where the task does not compare log loss with the champion, or the
 * champion has no right answer to forget. @throws the signal's reason when it aborts
 */
export async function simulateDrift(
  recording: Recording,
  { rounds, runs, seed, signal }: DriftOptions,
): Promise<DriftReport | null> {
  const comparisons = recording.checks.filter(isComparison)
  const byLoss = comparisons.find(isByLoss)
  const everyone = asRecorded(recording.examples.gate, makeRng('drift'))
  const first = answers(recording, everyone)
  const logLoss = meanLogLoss(first)
  const harm = shareOfMargin * (byLoss?.margin ?? defaultMargin) * logLoss
  const rate = rateFor(recording, { everyone, first, harm })
  if (byLoss === undefined || rate === undefined) return null
  const small = forget(recording, [], rate)
  const line = async (name: DriftLine['name'], checks: readonly Comparison[]): Promise<DriftLine> => {
    const trajectories: Trajectory[] = []
    for (let run = 0; run < runs; run++) {
      signal.throwIfAborted()
      trajectories.push(await follow(recording, { checks, small, everyone, rounds, seed: `${seed}/drift/${run}` }))
    }
    return {
      name,
      numPromoted: mean(Float64Array.from(trajectories, ({ numPromoted }) => numPromoted)),
      points: Array.from({ length: rounds + 1 }, (_, round) => ({
        round,
        accuracy: mean(Float64Array.from(trajectories, ({ points }) => points[round]!.accuracy)),
        logLoss: mean(Float64Array.from(trajectories, ({ points }) => points[round]!.logLoss)),
      })),
    }
  }
  const lines = [
    await line(
      'against the champion only',
      comparisons.filter(({ against }) => against === 'champion'),
    ),
    await line('against champion and anchor', comparisons),
  ]
  return { rounds, runs, shareOfMargin, harm, lines }
}

interface Trajectory {
  readonly numPromoted: number
  readonly points: readonly Omit<DriftPoint, 'round'>[]
}

interface Following {
  readonly checks: readonly Comparison[]
  readonly small: Change
  readonly everyone: DrawnSet
  readonly rounds: number
  readonly seed: string
}

/** One simulation: the champion's figures on all recorded examples, before the first round and after each. */
async function follow(recording: Recording, { checks, small, everyone, rounds, seed }: Following): Promise<Trajectory> {
  const drawn = drawSet(recording.examples.gate, makeRng(`${seed}/gate`))
  const anchor = { shown: answers(recording, drawn), really: answers(recording, everyone) }
  const judges = makeGateChecks(checks)
  let champion = anchor
  let numPromoted = 0
  const points = [figuresOf(champion.really)]
  for (let round = 1; round <= rounds; round++) {
    const worse = (of: Predictions, on: DrawnSet, name: string): Predictions =>
      changedBy(small, { of, on, seed: `${seed}/${round}/${name}` })
    const candidate = {
      shown: worse(champion.shown, drawn, 'gate'),
      really: worse(champion.really, everyone, 'everyone'),
    }
    const evaluation = evaluationOf(recording, { drawn, candidate, champion, anchor, seed: `${seed}/${round}` })
    const results = []
    for (const check of judges) results.push(await check.judge(evaluation))
    const { verdict } = overallVerdict({ checks: judges, results, firstModel: false, sameAsChampion: false })
    if (verdict === 'PASS' || verdict === 'WARN') {
      champion = candidate
      numPromoted++
    }
    points.push(figuresOf(champion.really))
  }
  return { numPromoted, points }
}

/** One model's answers: to the gate set, and to all recorded examples. */
interface Answered {
  readonly shown: Predictions
  readonly really: Predictions
}

function evaluationOf(
  { task, champion: recorded }: Recording,
  of: Readonly<Record<'candidate' | 'champion' | 'anchor', Answered>> & {
    readonly drawn: DrawnSet
    readonly seed: string
  },
): Evaluation {
  const model = (name: 'candidate' | 'champion' | 'anchor'): JudgedModel => ({
    version: recorded.version,
    weightsSha256: name,
    on: async () => of[name].shown,
  })
  const champion = model('champion')
  return {
    document: task,
    candidate: model('candidate'),
    base: champion,
    champion,
    anchor: model('anchor'),
    examples: async () => of.drawn.examples,
    calibration: null,
    looks: null,
    seed: of.seed,
  }
}

const figuresOf = (predictions: Predictions): Omit<DriftPoint, 'round'> => ({
  accuracy: accuracy(predictions),
  logLoss: meanLogLoss(predictions),
})

/** The recorded champion's, copied. */
function answers({ champion: { on } }: Recording, { rows, examples }: DrawnSet): Predictions {
  const numClasses = examples.classes.length
  const probabilities = new Float32Array(rows.length * numClasses)
  rows.forEach((row, at) =>
    probabilities.set(on.gate.subarray(row * numClasses, (row + 1) * numClasses), at * numClasses),
  )
  return { probabilities, labels: examples.labels, numClasses }
}

function changedBy(
  change: Change,
  { of, on, seed }: { readonly of: Predictions; readonly on: DrawnSet; readonly seed: string },
): Predictions {
  const probabilities = of.probabilities.slice()
  change({ drawn: on, probabilities, numClasses: of.numClasses }, makeRng(seed))
  return { ...of, probabilities }
}

/** A share that is large enough to measure what forgetting costs. */
const probe = 0.2

/** The share of right answers whose loss costs `harm` nats, for it costs in proportion. Undefined where none is right. */
function rateFor(
  recording: Recording,
  { everyone, first, harm }: { readonly everyone: DrawnSet; readonly first: Predictions; readonly harm: number },
): number | undefined {
  const worse = changedBy(forget(recording, [], probe), { of: first, on: everyone, seed: 'drift/probe' })
  const cost = (meanLogLoss(worse) - meanLogLoss(first)) / probe
  return cost > 0 ? Math.min(1, harm / cost) : undefined
}
