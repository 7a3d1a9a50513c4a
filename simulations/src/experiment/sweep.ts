import { join } from 'node:path'
import { canonicalJson, type Clock } from '@panal/client-core'
import type { CompleteExperiment } from './complete.ts'
import { ExperimentError } from './experiment-error.ts'
import { gridPoints, runFolderName, type GridAxis } from './grid.ts'
import { parseExperiment } from './parse.ts'
import { runExperiment, type RunEvents } from './run-experiment.ts'
import { readConfig, readRecord } from './run-folder.ts'

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
 * Every combination of the grid under every seed. All of them are looked at before the first one runs.
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

/** Runs what is not done yet, goes on with what was cut off. @throws as `runExperiment` does */
export async function runSweep(options: SweepOptions, onRun: OnRun, signal: AbortSignal): Promise<PlannedRun[]> {
  const runs = planSweep(options)
  for (const [index, run] of runs.entries()) {
    const isDone = await isFinished(run)
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
    if (!(error instanceof ExperimentError) || label === '') throw error
    throw new ExperimentError(error.code, `${label}: ${error.message}`, { errors: error.errors, cause: error })
  }
}

async function isFinished({ folder, experiment, seed }: PlannedRun): Promise<boolean> {
  const [config, record] = await Promise.all([readConfig(folder), readRecord(folder)])
  return config !== undefined && record !== undefined && config.seed === seed && isSame(config.experiment, experiment)
}

const isSame = (a: CompleteExperiment, b: CompleteExperiment): boolean =>
  canonicalJson({ ...a, seeds: [] }) === canonicalJson({ ...b, seeds: [] })
