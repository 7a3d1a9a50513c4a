import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Params } from '@panal/client-core'
import { bytesToParams, paramsToBytes } from '@panal/server'
import { writeDurably } from './checkpoint.ts'

/**
 * What the devices of a run keep for the plan's correction: a file for each device and round, in a folder of the run's.
 * A round's files are there before its checkpoint, and those that they replace are removed after it: a run that is taken up
 * again finds what the checkpoint's round left, whatever a stop has cut off.
 */
export class KeptCorrections {
  readonly #folder: string
  /** Of each device, the round that its file is of. */
  readonly #rounds: Map<number, number>
  #replaced: string[] = []

  private constructor(folder: string, rounds: Map<number, number>) {
    this.#folder = folder
    this.#rounds = rounds
  }

  /** @param lastRound of the checkpoint: later files were written by a round that a stop undid, and go */
  static async open(runFolder: string, lastRound: number): Promise<KeptCorrections> {
    const folder = join(runFolder, 'corrections')
    await mkdir(folder, { recursive: true })
    const rounds = new Map<number, number>()
    const unwanted: string[] = []
    for (const name of await readdir(folder)) {
      const [device, round] = /^(\d+)-(\d+)$/.exec(name)?.slice(1).map(Number) ?? []
      if (device === undefined || round === undefined || round > lastRound) unwanted.push(name)
      else rounds.set(device, Math.max(round, rounds.get(device) ?? 0))
    }
    await Promise.all(unwanted.map((name) => rm(join(folder, name))))
    return new KeptCorrections(folder, rounds)
  }

  /** Undefined of a device of which no update has counted yet. */
  async of(device: number): Promise<Params | undefined> {
    const round = this.#rounds.get(device)
    return round === undefined ? undefined : bytesToParams(await readFile(this.#path(device, round)))
  }

  async put(device: number, round: number, own: Params): Promise<void> {
    const before = this.#rounds.get(device)
    await writeDurably(this.#path(device, round), paramsToBytes(own))
    if (before !== undefined && before !== round) this.#replaced.push(this.#path(device, before))
    this.#rounds.set(device, round)
  }

  /** Once the checkpoint of the round is durable. */
  async settle(): Promise<void> {
    await Promise.all(this.#replaced.splice(0).map((path) => rm(path, { force: true })))
  }

  #path(device: number, round: number): string {
    return join(this.#folder, `${device}-${round}`)
  }
}
