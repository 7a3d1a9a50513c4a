import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Params } from '@panal/client-core'
import { bytesToParams, paramsToBytes } from '@panal/server'
import { writeDurably } from './checkpoint.ts'
import { orSay } from './run-folder.ts'

/**
 * What the devices of a run keep for the plan's correction: a file for each device and the version that it trained from, in a
 * folder of the run's. A file counts once there is a newer version, so that a run that is taken up again finds what its
 * checkpoint goes with, whatever a stop has cut off.
 */
export class KeptCorrections {
  readonly #runFolder: string
  readonly #folder: string
  /** Of each device, the versions that it has files of, the newest first. */
  readonly #versions: Map<number, number[]>

  private constructor(runFolder: string, versions: Map<number, number[]>) {
    this.#runFolder = runFolder
    this.#folder = folderIn(runFolder)
    this.#versions = versions
  }

  /**
   * @param head version of the checkpoint: files of it were written by a round that a stop undid, and go
   * @throws ExperimentError 'unwritable-output'
   */
  static async open(runFolder: string, head: number): Promise<KeptCorrections> {
    const folder = folderIn(runFolder)
    const names = await orSay(
      runFolder,
      mkdir(folder, { recursive: true }).then(() => readdir(folder)),
    )
    const versions = new Map<number, number[]>()
    for (const name of names) {
      const [device, version] = /^(\d+)-(\d+)$/.exec(name)?.slice(1).map(Number) ?? []
      if (device === undefined || version === undefined || version >= head) {
        await orSay(runFolder, rm(join(folder, name), { force: true }))
        continue
      }
      versions.set(
        device,
        [...(versions.get(device) ?? []), version].sort((a, b) => b - a),
      )
    }
    return new KeptCorrections(runFolder, versions)
  }

  /** Undefined of a device of which no update has counted yet. */
  async of(device: number, baseVersion: number): Promise<Params | undefined> {
    const version = this.#versions.get(device)?.find((each) => each < baseVersion)
    return version === undefined ? undefined : bytesToParams(await readFile(this.#path(device, version)))
  }

  /** @throws ExperimentError 'unwritable-output' */
  async put(device: number, baseVersion: number, own: Params): Promise<void> {
    await orSay(this.#runFolder, writeDurably(this.#path(device, baseVersion), paramsToBytes(own)))
    const others = (this.#versions.get(device) ?? []).filter((version) => version !== baseVersion)
    const [kept, ...old] = others
    this.#versions.set(device, kept === undefined ? [baseVersion] : [baseVersion, kept])
    await Promise.all(old.map((version) => rm(this.#path(device, version), { force: true })))
  }

  /** Of devices whose round made no new version: what they kept before is what they have. */
  async undo(devices: Iterable<number>, baseVersion: number): Promise<void> {
    for (const device of devices) {
      const versions = this.#versions.get(device) ?? []
      if (!versions.includes(baseVersion)) continue
      this.#versions.set(
        device,
        versions.filter((version) => version !== baseVersion),
      )
      await rm(this.#path(device, baseVersion), { force: true })
    }
  }

  #path(device: number, version: number): string {
    return join(this.#folder, `${device}-${version}`)
  }
}

const folderIn = (runFolder: string): string => join(runFolder, 'corrections')
