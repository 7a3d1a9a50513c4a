/** A few reusable buffers: their number bounds the memory of whatever runs many at once. */
export class ScratchPool<Scratch> {
  readonly #free: Scratch[] = []
  readonly #waiting: ((scratch: Scratch) => void)[] = []
  readonly #make: () => Scratch
  #numMade = 0
  readonly #limit: number

  constructor(limit: number, make: () => Scratch) {
    this.#limit = limit
    this.#make = make
  }

  /** Runs `work` with a buffer that is its own until the returned promise settles. Waits in turn when all are in use. */
  async use<Result>(work: (scratch: Scratch) => Promise<Result>): Promise<Result> {
    const scratch = await this.#take()
    try {
      return await work(scratch)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free.push(scratch)
      else next(scratch)
    }
  }

  #take(): Promise<Scratch> | Scratch {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#numMade === this.#limit) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#numMade += 1
    return this.#make()
  }
}
