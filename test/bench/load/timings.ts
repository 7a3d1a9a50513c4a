/** Times of one kind of step, ms. */
export class Timings {
  readonly #values: number[] = []

  add(ms: number): void {
    this.#values.push(ms)
  }

  get count(): number {
    return this.#values.length
  }

  /** Nearest rank: the least time that so large a share of all was no longer than. NaN of none. */
  quantile(share: number): number {
    const sorted = [...this.#values].sort((a, b) => a - b)
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN
  }
}
