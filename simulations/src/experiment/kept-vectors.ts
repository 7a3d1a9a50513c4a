import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '@panal/server'
import type { VectorFiles } from '../executor/executor.ts'
import { orSay } from './run-folder.ts'

/** Files that are made durable at a time: Node has so many threads for it. */
const numSyncing = 4

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
    return {
      ...(before !== undefined && { before: this.#path(device, before) }),
      after: this.#path(device, turn),
    }
  }

  /** Says whether what a device's work in this turn has left is what it has from now on. @throws ExperimentError 'unwritable-output' */
  async settle(device: number, turn: number, isKept: boolean): Promise<void> {
    if (!isKept) return this.undo([device], turn)
    const [last, ...old] = (this.#turns.get(device) ?? []).filter((each) => each !== turn)
    this.#turns.set(device, last === undefined ? [turn] : [turn, last])
    this.#written.add(this.#path(device, turn))
    for (const each of old) await this.#remove(device, each)
  }

  /** Of devices whose turn is to leave nothing: what they kept before is what they have. @throws ExperimentError 'unwritable-output' */
  async undo(devices: Iterable<number>, turn: number): Promise<void> {
    for (const device of devices) {
      const turns = this.#turns.get(device)
      if (turns?.includes(turn))
        this.#turns.set(
          device,
          turns.filter((each) => each !== turn),
        )
      await this.#remove(device, turn)
    }
  }

  /** All that counts is durable when it resolves: before a checkpoint counts it. @throws ExperimentError 'unwritable-output' */
  async sync(): Promise<void> {
    await orSay(this.#runFolder, this.#sync())
  }

  async #sync(): Promise<void> {
    const paths = this.#written.values() // which the lanes share
    const lane = async (): Promise<void> => {
      for (const path of paths) await syncFile(path)
    }
    await Promise.all(Array.from({ length: numSyncing }, lane))
    await syncFolder(this.#folder)
    this.#written.clear()
  }

  async #remove(device: number, turn: number): Promise<void> {
    const path = this.#path(device, turn)
    this.#written.delete(path)
    await orSay(this.#runFolder, rm(path, { force: true }))
  }

  #path(device: number, turn: number): string {
    return join(this.#folder, `${device}-${turn}`)
  }
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
