import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '@panal/server'
import type { VectorFiles } from '../executor/executor.ts'
import { orSay } from './run-folder.ts'

/** Files that are made durable, or removed, at a time: Node has so many threads for it. */
const numAtATime = 4

/**
 * Vectors that the devices of a run keep from turn to turn, on disk, for a population's do not fit into memory: a file for each
 * device and turn, in a folder of the run's, which whoever trains the device reads and writes. A file counts from the next turn
 * on, so that a run that is taken up again finds what its checkpoint goes with, whatever a stop has cut off: files need be
 * durable no sooner than the checkpoint that counts them. Turns are versions of the model that devices train from where a round
 * that made no version is to leave nothing (corrections), else rounds (models of their own).
 */
export class KeptVectors {
  readonly #runFolder: string
  readonly #folder: string
  /** Of each device, the turns that it has files of, the newest first. */
  readonly #turns: Map<number, number[]>
  /** Paths for whoever trains a device, which may have left a file there. */
  readonly #lent = new Set<string>()
  /** Paths of files since the last sync. */
  readonly #written = new Set<string>()

  private constructor(runFolder: string, folder: string, turns: Map<number, number[]>) {
    this.#runFolder = runFolder
    this.#folder = folder
    this.#turns = turns
  }

  /**
   * @param name of what is kept: the folder's
   * @param next turn after the checkpoint: files of it were written by a round that a stop undid, and go
   * @throws ExperimentError 'unwritable-output'
   */
  static async open(runFolder: string, name: string, next: number): Promise<KeptVectors> {
    const folder = join(runFolder, name)
    const names = await orSay(
      runFolder,
      mkdir(folder, { recursive: true }).then(() => readdir(folder)),
    )
    const turns = new Map<number, number[]>()
    for (const file of names) {
      const [device, turn] = /^(\d+)-(\d+)$/.exec(file)?.slice(1).map(Number) ?? []
      if (device === undefined || turn === undefined || turn >= next) {
        await orSay(runFolder, rm(join(folder, file), { force: true }))
        continue
      }
      turns.set(
        device,
        [...(turns.get(device) ?? []), turn].sort((a, b) => b - a),
      )
    }
    return new KeptVectors(runFolder, folder, turns)
  }

  /** For a device's work in this turn: the same each time that it is done. */
  filesOf(device: number, turn: number): VectorFiles {
    const before = this.#turns.get(device)?.find((each) => each < turn)
    const after = this.#path(device, turn)
    this.#lent.add(after)
    return { ...(before !== undefined && { before: this.#path(device, before) }), after }
  }

  /** Says whether what a device's work in this turn has left is what it has from now on. @throws ExperimentError 'unwritable-output' */
  async settle(device: number, turn: number, isKept: boolean): Promise<void> {
    if (!isKept) return this.undo([device], turn)
    const [last, ...old] = (this.#turns.get(device) ?? []).filter((each) => each !== turn)
    this.#turns.set(device, last === undefined ? [turn] : [turn, last])
    this.#written.add(this.#path(device, turn))
    this.#lent.delete(this.#path(device, turn))
    await this.#remove(old.map((each) => this.#path(device, each)))
  }

  /**
   * Of devices whose turn is to leave nothing: what they kept before is what they have. Costs nothing of those that have not
   * been to be trained in it. @throws ExperimentError 'unwritable-output'
   */
  async undo(devices: Iterable<number>, turn: number): Promise<void> {
    const left: string[] = []
    for (const device of devices) {
      const path = this.#path(device, turn)
      const turns = this.#turns.get(device) ?? []
      const others = turns.filter((each) => each !== turn)
      if (others.length === turns.length && !this.#lent.has(path)) continue
      if (others.length < turns.length) this.#turns.set(device, others)
      left.push(path)
    }
    await this.#remove(left)
  }

  /** All that counts is durable when it resolves: before a checkpoint counts it. @throws ExperimentError 'unwritable-output' */
  async sync(): Promise<void> {
    await orSay(this.#runFolder, this.#sync())
  }

  async #sync(): Promise<void> {
    await inLanes(this.#written, syncFile)
    await syncFolder(this.#folder)
    this.#written.clear()
  }

  async #remove(paths: readonly string[]): Promise<void> {
    await orSay(
      this.#runFolder,
      inLanes(paths, async (path) => {
        await rm(path, { force: true })
        this.#written.delete(path)
        this.#lent.delete(path)
      }),
    )
  }

  #path(device: number, turn: number): string {
    return join(this.#folder, `${device}-${turn}`)
  }
}

async function inLanes(paths: Iterable<string>, work: (path: string) => Promise<void>): Promise<void> {
  const shared = [...paths].values() // which each lane takes its next one of
  const lane = async (): Promise<void> => {
    for (const path of shared) await work(path)
  }
  await Promise.all(Array.from({ length: numAtATime }, lane))
}

/** Of whoever has written it. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+') // some systems sync only what may be written
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}
