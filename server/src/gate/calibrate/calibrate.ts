import type { CalibrationReport, ScenarioReport } from './calibration-report.ts'
import { simulateDrift } from './drift.ts'
import type { Recording } from './recording.ts'
import { runAll } from './run-all.ts'
import type { Job } from './run-protocol.ts'
import type { RunOutcome } from './run.ts'
import { isUnavailable } from './scenario.ts'
import { scenarios, type ScenarioName } from './scenarios/registry.ts'
import { nullReports, promisesOf, settingReport } from './tabulate.ts'

export interface CalibrateOptions {
  readonly names: readonly ScenarioName[]
  /** Of each kind of equal models. */
  readonly runs: number
  /** Of each size of every other kind. */
  readonly faultRuns: number
  /** Rounds in which every candidate is a little worse; left out: none are simulated. */
  readonly drift?: { readonly rounds: number; readonly runs: number }
  readonly seed: number
  readonly numWorkers: number
  readonly signal: AbortSignal
  readonly onRuns: (done: number, of: number) => void
}

/** Runs that a thread makes before it is asked again: few enough that none waits for another at the end. */
const runsPerJob = 10

/** A/A: what the gate blocks here it blocks by mistake. */
const equalScenarios: readonly ScenarioName[] = ['same', 'exchanged', 'jittered']
/** Those of them whose p-values are of true null hypotheses, and not all alike. */
const nullScenarios: readonly ScenarioName[] = ['exchanged', 'jittered']

/**
 * Tries the gate of a task on candidates whose worth is known. Law: the same recording, seed and number of runs give the
 * same report, whatever the number of threads. @throws the signal's reason when it aborts
 */
export async function calibrate(
  recording: Recording,
  { names, runs, faultRuns, drift, seed, numWorkers, signal, onRuns }: CalibrateOptions,
): Promise<CalibrationReport> {
  const tried = names.map((name) => ({ name, found: scenarios[name].settings(recording) }))
  const jobs = tried.flatMap(({ name, found }) =>
    isUnavailable(found)
      ? []
      : found.flatMap((_, setting) => jobsOf(name, setting, equalScenarios.includes(name) ? runs : faultRuns)),
  )
  const numRuns = jobs.reduce((sum, { from, to }) => sum + to - from, 0)
  let numDone = 0
  const results = await runAll(recording, jobs, {
    seed,
    numWorkers,
    signal,
    onRuns: (count) => onRuns((numDone += count), numRuns),
  })
  const outcomesOf = (name: ScenarioName, setting: number): RunOutcome[] =>
    jobs.flatMap((job, at) => (job.scenario === name && job.setting === setting ? results[at]! : []))
  const reports = tried.map(({ name, found }): ScenarioReport => {
    const { title, scale } = scenarios[name]
    const about = { name, title, ...(scale !== undefined && { scale }) }
    return isUnavailable(found)
      ? { ...about, settings: [], ...found }
      : { ...about, settings: found.map((setting, place) => settingReport(setting, outcomesOf(name, place))) }
  })
  const { task, champion, anchor, like, examples, jitter } = recording
  return {
    taskId: task.id,
    champion: champion.version,
    anchor: anchor?.version ?? null,
    like: like?.version ?? null,
    seed,
    runs,
    faultRuns,
    examples: {
      evaluation: examples.evaluation.numExamples,
      calibration: examples.calibration.numExamples,
      gate: examples.gate.numExamples,
    },
    jitter,
    promises: promisesOf(reports),
    scenarios: reports,
    nulls: nullScenarios
      .filter((name) => names.includes(name))
      .flatMap((name) => nullReports(name, outcomesOf(name, 0))),
    drift: drift === undefined ? null : await simulateDrift(recording, { ...drift, seed, signal }),
  }
}

const jobsOf = (scenario: ScenarioName, setting: number, runs: number): Job[] =>
  Array.from({ length: Math.ceil(runs / runsPerJob) }, (_, i) => ({
    scenario,
    setting,
    from: i * runsPerJob,
    to: Math.min(runs, (i + 1) * runsPerJob),
  }))
