import { readdir } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { ExperimentError } from './experiment-error.ts'
import type { CompleteExperiment } from './complete.ts'
import type { RoundRow } from './round-row.ts'
import { readConfig, readRecord, readRows, type FinishedRun } from './run-folder.ts'
import { digestOfExperiment } from './run-identity.ts'

/** A run as its folder has it. */
export interface FoundRun {
  readonly folder: string
  /** Of experiment and grid point, and with a folder where other experiments are called so, too; runs of one name differ in their seed only. */
  readonly name: string
  readonly seed: number
  readonly experiment: CompleteExperiment
  /** Undefined of a run that is not finished. */
  readonly record: FinishedRun | undefined
  readonly rows: readonly RoundRow[]
}

/** A run under the name that it was given, and what it is a run of. */
interface NamedRun {
  readonly run: FoundRun
  readonly digest: string
}

/** The runs of some folders: each a run, or a folder of runs. @throws ExperimentError 'no-run' */
export async function readRuns(folders: readonly string[]): Promise<FoundRun[]> {
  const found = await Promise.all(folders.map(runsIn))
  found.forEach((runs, i) => {
    if (runs.length === 0) throw new ExperimentError('no-run', `${folders[i]} holds no run`)
  })
  return toldApart(found.flat())
}

/** The first finished run of each seed of each experiment: one that was run again, or named twice, tells nothing of chance. */
export function finishedOnce(runs: readonly FoundRun[]): FinishedFoundRun[] {
  const kept = new Map<string, FinishedFoundRun>()
  for (const run of runs.filter(isFinished)) {
    const key = JSON.stringify([run.name, run.seed])
    if (!kept.has(key)) kept.set(key, run)
  }
  return [...kept.values()]
}

export type FinishedFoundRun = FoundRun & { readonly record: FinishedRun }

const isFinished = (run: FoundRun): run is FinishedFoundRun => run.record !== undefined

/** Nothing keeps two experiments from one name: each then has the folder of its first run behind it. */
function toldApart(found: readonly NamedRun[]): FoundRun[] {
  const folders = new Map<string, Map<string, string>>() // name to digest to folder
  for (const { run, digest } of found) {
    const ofName = folders.get(run.name) ?? new Map<string, string>()
    if (!ofName.has(digest)) ofName.set(digest, run.folder)
    folders.set(run.name, ofName)
  }
  return found.map(({ run, digest }) => {
    const ofName = folders.get(run.name)!
    if (ofName.size === 1) return run
    const name = `${run.name} (${belowParent(ofName.get(digest)!, [...ofName.values()])})`
    return { ...run, name, record: run.record && { ...run.record, name } }
  })
}

/** The part of a folder's path in which these differ: a picture has no room for the rest. */
function belowParent(folder: string, folders: readonly string[]): string {
  let parent = dirname(resolve(folder))
  while (!folders.every((each) => resolve(each).startsWith(join(parent, sep)))) parent = dirname(parent)
  return relative(parent, resolve(folder))
}

async function runsIn(folder: string): Promise<NamedRun[]> {
  const own = await readRun(folder)
  if (own !== undefined) return [own]
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const runs = await Promise.all(names.sort().map((name) => readRun(join(folder, name))))
  return runs.filter((run) => run !== undefined)
}

async function readRun(folder: string): Promise<NamedRun | undefined> {
  const config = await readConfig(folder)
  if (config === undefined) return undefined
  const record = await readRecord(folder)
  const { seed, name, experiment } = config
  const run = { folder, name, seed, experiment, record, rows: record?.rounds ?? (await readRows(folder)) }
  return { run, digest: digestOfExperiment(config) }
}
