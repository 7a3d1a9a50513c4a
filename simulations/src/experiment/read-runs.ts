import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ExperimentError } from './experiment-error.ts'
import type { RoundRow } from './round-row.ts'
import { readConfig, readRecord, readRows, type FinishedRun } from './run-folder.ts'

/** A run as its folder has it. */
export interface FoundRun {
  readonly folder: string
  /** Of experiment and grid point; runs of one name differ in their seed only. */
  readonly name: string
  readonly seed: number
  /** Undefined of a run that is not finished. */
  readonly record: FinishedRun | undefined
  readonly rows: readonly RoundRow[]
}

/** The runs of some folders: each a run, or a folder of runs. @throws ExperimentError 'no-run' */
export async function readRuns(folders: readonly string[]): Promise<FoundRun[]> {
  const found = await Promise.all(folders.map(runsIn))
  found.forEach((runs, i) => {
    if (runs.length === 0) throw new ExperimentError('no-run', `${folders[i]} holds no run`)
  })
  return found.flat()
}

async function runsIn(folder: string): Promise<FoundRun[]> {
  const own = await readRun(folder)
  if (own !== undefined) return [own]
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const runs = await Promise.all(names.sort().map((name) => readRun(join(folder, name))))
  return runs.filter((run) => run !== undefined)
}

async function readRun(folder: string): Promise<FoundRun | undefined> {
  const config = await readConfig(folder)
  if (config === undefined) return undefined
  const record = await readRecord(folder)
  const { seed, name } = config
  return { folder, name, seed, record, rows: record?.rounds ?? (await readRows(folder)) }
}
