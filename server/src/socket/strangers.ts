import type { Clock } from '@panal/client-core'

/** How long a connection may be silent: neither joined nor watching a task. */
const silentMs = 30_000
const sweepMs = 5_000

export interface StrangerLimits {
  readonly clock: Clock
  readonly maxPerNetwork: number
}

/** One connection, from its first byte to its end. */
export interface Visit {
  /** It looks on at a task, which anybody may: it stays, and still counts. */
  watches(): void
  /** A device has proven that the connection is its own. */
  joined(): void
  gone(): void
}

/**
 * Connections that no device has proven to be its own. Anybody may open one, so a network has only so many of them, and
 * one that stays silent is cut. Those of devices are bounded by enrolment instead.
 */
export class Strangers {
  readonly #limits: StrangerLimits
  readonly #numOf = new Map<string, number>()
  readonly #silent = new Map<Visit, { readonly since: number; readonly cut: () => void }>()

  constructor(limits: StrangerLimits) {
    this.#limits = limits
  }

  admits(network: string): boolean {
    return (this.#numOf.get(network) ?? 0) < this.#limits.maxPerNetwork
  }

  came(network: string, cut: () => void): Visit {
    let counts = false
    const count = (should: boolean) => {
      if (should === counts) return
      counts = should
      const num = (this.#numOf.get(network) ?? 0) + (should ? 1 : -1)
      if (num > 0) this.#numOf.set(network, num)
      else this.#numOf.delete(network)
    }
    const visit: Visit = {
      watches: () => {
        this.#silent.delete(visit)
        count(true)
      },
      joined: () => {
        this.#silent.delete(visit)
        count(false)
      },
      gone: () => {
        this.#silent.delete(visit)
        count(false)
      },
    }
    this.#silent.set(visit, { since: this.#limits.clock.now(), cut })
    count(true)
    return visit
  }

  /** Cuts whoever stays silent, until the signal aborts. Never rejects. */
  async watch(signal: AbortSignal): Promise<void> {
    const { clock } = this.#limits
    const waited = () =>
      clock.sleep(sweepMs, signal).then(
        () => true,
        () => false,
      )
    while (await waited())
      for (const { since, cut } of this.#silent.values()) {
        if (clock.now() - since < silentMs) break // in the order in which they came
        cut()
      }
  }
}
