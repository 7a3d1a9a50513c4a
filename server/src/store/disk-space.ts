import { statfs } from 'node:fs/promises'
import type { Clock } from '@panal/client-core'

/** How long one look at the disk is believed before the next asker causes another. */
const believedMs = 1_000

const look = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** The space that is left on the file system of the data directory. Asking never waits: what was last seen is the answer. */
export class DiskSpace {
  readonly #folder: string
  readonly #clock: Clock
  /** Kept free: for the rows of what is acknowledged, and for whoever comes to clear up. */
  readonly reserveBytes: number
  #freeBytes: number
  #seenAt: number

  private constructor(options: DiskSpaceOptions, freeBytes: number) {
    this.#folder = options.folder
    this.#clock = options.clock
    this.reserveBytes = options.reserveBytes
    this.#freeBytes = freeBytes
    this.#seenAt = options.clock.now()
  }

  static async of(options: DiskSpaceOptions): Promise<DiskSpace> {
    return new DiskSpace(options, await look(options.folder))
  }

  /** What this process may still write. */
  get freeBytes(): number {
    const now = this.#clock.now()
    if (Math.abs(now - this.#seenAt) >= believedMs) {
      this.#seenAt = now
      void look(this.#folder).then(
        (freeBytes) => (this.#freeBytes = freeBytes),
        () => undefined, // a disk that does not answer now has what it had
      )
    }
    return this.#freeBytes
  }

  get isLow(): boolean {
    return this.freeBytes < this.reserveBytes
  }
}

export interface DiskSpaceOptions {
  readonly folder: string
  readonly reserveBytes: number
  readonly clock: Clock
}
