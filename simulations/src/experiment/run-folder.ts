import { mkdir, open, readFile, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import Value from 'typebox/value'
import { tfjsModelJson } from '@panal/client-core'
import { lockFile, makeFolder, type FileLock, paramsToBytes, type Task } from '@panal/server'
import type { RunRecord } from '../results/run-record.ts'
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.ts'
import { damagedFile, storedObject } from './damaged-file.ts'
import { ExperimentError } from './experiment-error.ts'
import type { OpenExperiment } from './open-experiment.ts'
import { assertSameRun, digestOfIdentity, identityOf, type RunIdentity, type StoredIdentity } from './run-identity.ts'
import { roundsCsv, type RoundRow } from './round-row.ts'
import { isFinishedRun, isRoundRow } from './stored-run.ts'
import type { Head } from './memory-registry.ts'
import { gitCommit } from './surroundings.ts'
import { writeDurably } from './write-durably.ts'

/** What `record.json` says beside what every run's record has. */
export interface FinishedRun extends RunRecord {
  readonly rounds: readonly RoundRow[]
  readonly ended: { readonly why: 'target' | 'rounds' | 'diverged'; readonly round: number }
}

/**
 * The folder of one run. While it runs: `rounds.jsonl`, a line a round, and `checkpoint`. In the end: `rounds.csv`, the
 * same on processors of the same kind; `record.json`, with times and resources; `model/`, which tf.loadLayersModel reads.
 */
export class RunFolder {
  readonly #lock: FileLock
  readonly #file: FileHandle
  readonly #rows: RoundRow[]
  #roundsBytes: number

  private constructor(
    readonly path: string,
    /** What reports call the run. */
    readonly name: string,
    lock: FileLock,
    file: FileHandle,
    /** What to go on from; undefined at the beginning. */
    readonly checkpoint: Checkpoint | undefined,
    rows: RoundRow[],
  ) {
    this.#lock = lock
    this.#file = file
    this.#rows = rows
    this.#roundsBytes = checkpoint?.roundsBytes ?? 0
  }

  /**
   * @param resume whether to go on with what is there; where nothing is, that is the same
   * @throws ExperimentError 'output-busy' | 'output-in-use' | 'other-experiment' | 'damaged-checkpoint' | 'unwritable-output'
   */
  static async open(
    path: string,
    opened: OpenExperiment,
    { resume, name }: { readonly resume: boolean; readonly name: string },
  ): Promise<RunFolder> {
    await orSay(path, makeFolder(path))
    const lock = lockOrSay(path)
    try {
      return await orSay(path, RunFolder.#openLocked(path, opened, { resume, name }, lock))
    } catch (error) {
      lock.close()
      throw error
    }
  }

  static async #openLocked(
    path: string,
    opened: OpenExperiment,
    { resume, name }: { readonly resume: boolean; readonly name: string },
    lock: FileLock,
  ): Promise<RunFolder> {
    const { experiment } = opened
    const config = await readConfig(path)
    if (config !== undefined && !resume)
      throw new ExperimentError('output-in-use', `${path} holds a run already: --resume goes on with it`)
    const identity = identityOf(opened)
    if (config !== undefined) assertSameRun(path, config, identity, { isFinished: false })
    const checkpoint = await readCheckpoint(path)
    if (checkpoint !== undefined) assertOfRun(path, config, checkpoint, identity)
    if (config === undefined) {
      const { expected: _expected, ...bytes } = experiment // which `record.json` has: it changes, and no byte with it
      await writeConfig(path, { ...identity, gitCommit: await gitCommit(), name, experiment: bytes })
    }
    const { file, rows } = await openRounds(join(path, 'rounds.jsonl'), checkpoint?.roundsBytes)
    return new RunFolder(path, name, lock, file, checkpoint, rows)
  }

  get rows(): readonly RoundRow[] {
    return this.#rows
  }

  /**
   * The round's line, then the checkpoint that counts it: durable in this order.
   * @throws ExperimentError 'unwritable-output': what was kept before stays
   */
  async keep(row: RoundRow, state: Omit<Checkpoint, 'roundsBytes'>): Promise<void> {
    await orSay(this.path, this.#keep(row, state))
  }

  async #keep(row: RoundRow, state: Omit<Checkpoint, 'roundsBytes'>): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(row)}\n`)
    for (let written = 0; written < line.length;) {
      const rest = await this.#file.write(line, written, line.length - written, this.#roundsBytes + written)
      written += rest.bytesWritten
    }
    await this.#file.sync()
    this.#roundsBytes += line.length
    await writeCheckpoint(this.path, { ...state, roundsBytes: this.#roundsBytes })
    this.#rows.push(row)
  }

  /** Results last, and the record after all of them: where it is, they are. @throws ExperimentError 'unwritable-output' */
  async finish(record: FinishedRun, task: Task, head: Head): Promise<void> {
    await orSay(this.path, this.#finish(record, task, head))
  }

  async #finish(record: FinishedRun, { topology, layout }: Task, { params }: Head): Promise<void> {
    const model = join(this.path, 'model')
    await mkdir(model, { recursive: true })
    await writeFile(join(model, 'model.json'), `${JSON.stringify(tfjsModelJson(topology, layout, 'weights.bin'))}\n`)
    await writeFile(join(model, 'weights.bin'), paramsToBytes(params))
    await writeFile(join(this.path, 'rounds.csv'), roundsCsv(this.#rows))
    await writeRecord(this.path, record)
  }

  async close(): Promise<void> {
    try {
      await this.#file.close()
    } finally {
      this.#lock.close()
    }
  }
}

/** Two runs in one folder would each undo the other's rounds. */
export function lockOrSay(path: string): FileLock {
  let lock: FileLock | undefined
  try {
    lock = lockFile(join(path, 'lock.db'))
  } catch (cause) {
    throw new ExperimentError('unwritable-output', `${path}: ${(cause as Error).message}`, { cause })
  }
  if (lock !== undefined) return lock
  throw new ExperimentError('output-busy', `another process runs in ${path}: wait for its end, or choose another --out`)
}

/** What the file system refuses, in words: a full disk, say, is made room on, and the run resumed. */
export const orSay = <Result>(path: string, work: Promise<Result>): Promise<Result> =>
  work.catch((cause: unknown) => {
    if (!isOfSystem(cause)) throw cause
    throw new ExperimentError('unwritable-output', `${path}: ${cause.message}`, { cause })
  })

/** By what it has: Node's own errors are of another `Error` than that of a context of its `vm`. */
const isOfSystem = (error: unknown): error is NodeJS.ErrnoException =>
  typeof error === 'object' && error !== null && 'syscall' in error && 'message' in error

/**
 * The rounds' file, cut off behind those that the checkpoint counts: any later one is run again.
 * @param kept their length in bytes; undefined where there is no checkpoint
 * @throws ExperimentError 'damaged-checkpoint' where they are not all there
 */
async function openRounds(path: string, kept: number | undefined) {
  const file = await open(path, kept === undefined ? 'w+' : 'r+').catch((cause: unknown) => {
    throw isMissing(cause) ? damagedFile(path, { cause }) : cause
  })
  try {
    if ((await file.stat()).size < (kept ?? 0)) throw damagedFile(path)
    await file.truncate(kept ?? 0)
    return { file, rows: parseRows(await readFile(path, 'utf8'), path) }
  } catch (error) {
    await file.close()
    throw error
  }
}

const parseRows = (text: string, path: string): RoundRow[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const row = storedObject(line, path)
      if (!isRoundRow(row)) throw damagedFile(path)
      return row
    })

export interface StoredConfig extends StoredIdentity {
  readonly name: string
  /** Of the program that began the run, for people: its sources' digest is compared. */
  readonly gitCommit?: string | null
}

const writeConfig = (folder: string, config: StoredConfig): Promise<void> =>
  writeDurably(configIn(folder), `${JSON.stringify(config, null, 2)}\n`)

const configIn = (folder: string): string => join(folder, 'experiment.json')

/** A checkpoint is gone on from only beside the experiment that it is of. @throws ExperimentError 'damaged-checkpoint' */
function assertOfRun(
  folder: string,
  config: StoredConfig | undefined,
  checkpoint: Checkpoint,
  identity: RunIdentity,
): void {
  if (config === undefined) throw damagedFile(configIn(folder))
  if (checkpoint.identity !== digestOfIdentity(identity)) throw damagedFile(join(folder, 'checkpoint'))
}

/** What a folder's run is; undefined where it holds none. @throws ExperimentError 'damaged-checkpoint' */
export async function readConfig(folder: string): Promise<StoredConfig | undefined> {
  const path = configIn(folder)
  const text = await textOf(path)
  if (text === undefined) return undefined
  const config = storedObject(text, path)
  if (!isConfig(config)) throw damagedFile(path)
  return config
}

/** What every reader of a folder needs of it. */
const Config = Type.Object({
  name: Type.String(),
  seed: Type.Number(),
  experiment: Type.Object({
    devices: Type.Number(),
    strategy: Type.Object({ aggregator: Type.Object({ name: Type.String() }) }),
  }),
})

const isConfig = (value: object): value is StoredConfig => Value.Check(Config, value)

export const writeRecord = (folder: string, record: FinishedRun): Promise<void> =>
  writeDurably(recordIn(folder), `${JSON.stringify(record, null, 1)}\n`)

const recordIn = (folder: string): string => join(folder, 'record.json')

/** The record of a finished run; undefined where it is not finished. @throws ExperimentError 'damaged-checkpoint' */
export async function readRecord(folder: string): Promise<FinishedRun | undefined> {
  const path = recordIn(folder)
  const text = await textOf(path)
  if (text === undefined) return undefined
  const mend = 'remove it, and run --resume writes it again'
  const record = storedObject(text, path, mend)
  if (!isFinishedRun(record)) throw damagedFile(path, { mend })
  return record
}

/** Of a run that may still be under way: its last line may be half a line. @throws ExperimentError 'damaged-checkpoint' */
export async function readRows(folder: string): Promise<RoundRow[]> {
  const path = join(folder, 'rounds.jsonl')
  const text = (await textOf(path)) ?? ''
  return parseRows(text.slice(0, text.lastIndexOf('\n') + 1), path)
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

const textOf = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
