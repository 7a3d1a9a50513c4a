import { join } from 'node:path'
import { canonicalJson, type Clock } from '@panal/client-core'
import type { LoadedData } from '../data/data-source.ts'
import type { CompleteExperiment } from './complete.ts'
import { ExperimentError } from './experiment-error.ts'
import { isHeldTo } from './finished-run.ts'
import { gridPoints, runFolderName, type GridAxis } from './grid.ts'
import { fitToData, loadData } from './open-experiment.ts'
import { parseExperiment } from './parse.ts'
import { runExperiment, type RunEvents } from './run-experiment.ts'
import { readConfig, readRecord } from './run-folder.ts'
import { assertSameRun, identityOf } from './run-identity.ts'

export interface SweepOptions {
  /** As it was written. */
  readonly experiment: unknown
  readonly home: string
  readonly axes: readonly GridAxis[]
  /** Instead of the experiment's own. */
  readonly seeds?: readonly number[]
  /** Each run gets a folder of its own in it. */
  readonly folder: string
  readonly workers?: number
  readonly clock: Clock
  /** Told before the first run begins, while all of them are held against their data and their folders. */
  readonly onChecked?: (numChecked: number, numRuns: number) => void
}

/** One run of a sweep. */
export interface PlannedRun {
  readonly label: string
  readonly seed: number
  readonly folder: string
  readonly experiment: CompleteExperiment
}

/** Told of each run before it begins, or is skipped because it is there; what it answers is told of the run itself. */
export type OnRun = (run: PlannedRun, index: number, numRuns: number, isDone: boolean) => RunEvents

/**
 * Every combination of the grid under every seed. Each is looked at for what shows without its data.
 * @throws ExperimentError 'invalid-experiment' that names the combination
 */
export function planSweep({ experiment, axes, seeds, folder }: SweepOptions): PlannedRun[] {
  return gridPoints(experiment, axes).flatMap(({ label, value }) => {
    const parsed = parsePoint(label, value)
    return (seeds ?? parsed.seeds).map((seed) => ({
      label,
      seed,
      folder: join(folder, runFolderName(label, seed)),
      experiment: parsed,
    }))
  })
}

/**
 * Runs what is not done yet, goes on with what was cut off. Every run is held against its data and its folder before the first
 * one begins. @throws as `runExperiment` does
 */
export async function runSweep(options: SweepOptions, onRun: OnRun, signal: AbortSignal): Promise<PlannedRun[]> {
  const runs = planSweep(options)
  const done = await finishedOf(runs, options, signal)
  for (const [index, run] of runs.entries()) {
    const isDone = done.has(run)
    const events = onRun(run, index, runs.length, isDone)
    if (isDone) continue
    const { experiment, seed, folder, label } = run
    const { home, clock, workers } = options
    const name = [experiment.name, label].filter((part) => part !== '').join(' ')
    const runOptions = { experiment, seed, home, folder, resume: true, clock, name }
    await runExperiment({ ...runOptions, ...(workers !== undefined && { workers }) }, events, signal)
  }
  return runs
}

function parsePoint(label: string, value: unknown): CompleteExperiment {
  try {
    return parseExperiment(value)
  } catch (error) {
    throw ofPoint(label, error)
  }
}

/** Names the combination that an error is of. */
function ofPoint(label: string, error: unknown): unknown {
  if (!(error instanceof ExperimentError) || label === '') return error
  return new ExperimentError(error.code, `${label}: ${error.message}`, { errors: error.errors, cause: error })
}

/** The runs that are done, once all of them could be. Runs of the same data and seed go together: data are read once for them. */
async function finishedOf(
  runs: readonly PlannedRun[],
  { home, onChecked }: Pick<SweepOptions, 'home' | 'onChecked'>,
  signal: AbortSignal,
): Promise<Set<PlannedRun>> {
  const done = new Set<PlannedRun>()
  let numChecked = 0
  onChecked?.(numChecked, runs.length)
  for (const group of ofSameData(runs)) {
    const [first] = group
    const data = await loadData(first.experiment, { seed: first.seed, home, signal }).catch((error: unknown) => {
      throw ofPoint(first.label, error)
    })
    for (const run of group) {
      signal.throwIfAborted()
      if (await isFinished(run, data)) done.add(run)
      onChecked?.(++numChecked, runs.length)
    }
  }
  return done
}

type Group = [PlannedRun, ...PlannedRun[]]

function ofSameData(runs: readonly PlannedRun[]): Iterable<Group> {
  const groups = new Map<string, Group>()
  for (const run of runs) {
    const key = canonicalJson({ data: run.experiment.data, seed: run.seed })
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [run])
    else group.push(run)
  }
  return groups.values()
}

/** Whether nothing is left to do: neither a round nor to hold it to bounds that have changed. @throws ExperimentError 'invalid-experiment' | 'other-experiment' | 'damaged-checkpoint' */
async function isFinished({ label, folder, experiment, seed }: PlannedRun, data: LoadedData): Promise<boolean> {
  try {
    await fitToData(experiment, seed, data)
    const [config, record] = await Promise.all([readConfig(folder), readRecord(folder)])
    if (config === undefined) return false
    assertSameRun(folder, config, identityOf({ experiment, seed, data }), { isFinished: record !== undefined })
    return record !== undefined && isHeldTo(record, experiment.expected)
  } catch (error) {
    throw ofPoint(label, error)
  }
}
