import { PanalError, type Clock } from '@panal/client-core'
import { LRUCache } from 'lru-cache'

const windowMs = 60_000
/** Networks remembered: the least recently seen goes first, so that a flood of addresses cannot fill the memory. */
const maxNetworks = 50_000

/**
 * Requests that the guard refused, by network. A refusal ends a request before any bucket of its route counts it, and
 * whoever guesses tokens or sends proofs of no device would never meet a limit.
 */
export class RefusedRequests {
  readonly #maxPerMinute: number
  readonly #counts: LRUCache<string, number>

  constructor({ clock, maxPerMinute }: { readonly clock: Clock; readonly maxPerMinute: number }) {
    this.#maxPerMinute = maxPerMinute
    this.#counts = new LRUCache({
      max: maxNetworks,
      ttl: windowMs,
      noUpdateTTL: true,
      ttlResolution: 0,
      perf: { now: () => clock.now() },
    })
  }

  /** Before anything of a request is looked at. @throws PanalError 'rate-limited' */
  requireRoom(network: string): void {
    if ((this.#counts.get(network) ?? 0) < this.#maxPerMinute) return
    throw new PanalError('rate-limited', 'too many refused requests from this network', {
      retryAfterMs: this.#counts.getRemainingTTL(network),
    })
  }

  note(network: string): void {
    this.#counts.set(network, (this.#counts.get(network) ?? 0) + 1)
  }
}
