import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Params } from '@panal/client-core'
import { bytesToParams, paramsToBytes } from '@panal/server'
import { orSay } from './run-folder.ts'
import { writeDurably } from './write-durably.ts'

/**
 * Vectors that the devices of a run keep from turn to turn, on disk, for a population's do not fit into memory: a file for each
 * device and turn, in a folder of the run's. A file counts from the next turn on, so that a run that is taken up again finds what
 * its checkpoint goes with, whatever a stop has cut off. Turns are versions of the model that devices train from where a round
 * that made no version is to leave nothing (corrections), else rounds (models of their own).
 */
export class KeptVectors {
  readonly #runFolder: string
  readonly #folder: string
  /** Of each device, the turns that it has files of, the newest first. */
  readonly #turns: Map<number, number[]>

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

  /** Undefined of a device that has kept nothing yet. */
  async of(device: number, turn: number): Promise<Params | undefined> {
    const before = this.#turns.get(device)?.find((each) => each < turn)
    return before === undefined ? undefined : bytesToParams(await readFile(this.#path(device, before)))
  }

  /** @throws ExperimentError 'unwritable-output' */
  async put(device: number, turn: number, own: Params): Promise<void> {
    await orSay(this.#runFolder, writeDurably(this.#path(device, turn), paramsToBytes(own)))
    const others = (this.#turns.get(device) ?? []).filter((each) => each !== turn)
    const [kept, ...old] = others
    this.#turns.set(device, kept === undefined ? [turn] : [turn, kept])
    await Promise.all(old.map((each) => rm(this.#path(device, each), { force: true })))
  }

  /** Of devices whose turn is to leave nothing: what they kept before is what they have. */
  async undo(devices: Iterable<number>, turn: number): Promise<void> {
    for (const device of devices) {
      const turns = this.#turns.get(device) ?? []
      if (!turns.includes(turn)) continue
      this.#turns.set(
        device,
        turns.filter((each) => each !== turn),
      )
      await rm(this.#path(device, turn), { force: true })
    }
  }

  #path(device: number, turn: number): string {
    return join(this.#folder, `${device}-${turn}`)
  }
}
