import { createHash } from 'node:crypto'
import { PanalError, type Clock, type EpochMs } from '@panal/client-core'
import { LRUCache } from 'lru-cache'

/** What attempts are counted by. */
export interface Attempt {
  /** Compared form of the name that was given, whether anybody has it or not. */
  readonly name: string
  readonly network: string
  /** Set where this browser has signed in to this account before. */
  readonly browser?: string
}

interface Count {
  readonly failures: number
  readonly blockedUntil: EpochMs
  readonly at: EpochMs
  /** Somebody has heard that the name is being guessed. */
  readonly isTold?: boolean
}

/** Failures that cost nothing; each further one doubles the wait. */
const free = { browser: 10, pair: 5, name: 25, network: 25 } as const
const firstWaitMs = 1000
const longestWaitMs = 15 * 60_000
const forgottenAfterMs = 24 * 3_600_000
const maxCounts = 50_000

/**
 * Growing waits between attempts by password: 1 s, 2 s, 4 s … 15 min, counted by name and network, by name, and by
 * network. A browser that has signed in to the account before is counted by itself alone: so strangers who fail on
 * purpose slow down strangers, and never lock somebody out of their own browser. One-time links are not counted here.
 * Source: OWASP, Slow Down Online Guessing Attacks with Device Cookies.
 */
export class SignInThrottle {
  readonly #clock: Clock
  readonly #counts = new LRUCache<string, Count>({ max: maxCounts })

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock
  }

  /**
   * Counts an attempt as failed until `succeeded` says otherwise, so that many at once are many. Says whether the name
   * as such is being guessed from now on: then somebody should hear of it. @throws PanalError 'rate-limited'
   */
  begin(attempt: Attempt): { isUnderAttack: boolean } {
    const now = this.#clock.now()
    const keys = keysOf(attempt)
    const waitMs = Math.max(...keys.map(({ key }) => this.#read(key, now).blockedUntil - now))
    if (waitMs > 0) throw new PanalError('rate-limited', 'too many failed attempts', { retryAfterMs: waitMs })
    for (const { key, kind } of keys) {
      const { failures: before, isTold = false } = this.#read(key, now)
      const failures = before + 1
      this.#counts.set(key, { failures, blockedUntil: now + waitAfter(failures - free[kind]), at: now, isTold })
    }
    return { isUnderAttack: this.#isNews(keys.find(({ kind }) => kind === 'name')?.key, now) }
  }

  /** The attempt was no guess: its own counts start again, and those it shares with others are as before it. */
  succeeded(attempt: Attempt): void {
    for (const { key, kind } of keysOf(attempt))
      if (kind === 'pair' || kind === 'browser') this.#counts.delete(key)
      else this.#takeBack(key, free[kind])
  }

  /** The attempt was never judged. */
  undo(attempt: Attempt): void {
    for (const { key, kind } of keysOf(attempt)) this.#takeBack(key, free[kind])
  }

  /** Once, however often an attempt is taken back after it. */
  #isNews(key: string | undefined, now: EpochMs): boolean {
    if (key === undefined) return false
    const count = this.#read(key, now)
    if (count.failures <= free.name || count.isTold === true) return false
    this.#counts.set(key, { ...count, isTold: true })
    return true
  }

  #takeBack(key: string, allowed: number): void {
    const count = this.#read(key, this.#clock.now())
    const left = Math.max(0, count.failures - 1)
    this.#counts.set(key, { ...count, failures: left, blockedUntil: count.at + waitAfter(left - allowed) })
  }

  #read(key: string, now: EpochMs): Count {
    const found = this.#counts.get(key)
    return found === undefined || now - found.at >= forgottenAfterMs ? { failures: 0, blockedUntil: 0, at: now } : found
  }
}

const keysOf = ({ name: given, network, browser }: Attempt) => {
  if (browser !== undefined) return [{ kind: 'browser', key: `browser ${browser}` }] as const
  // Of one length, whatever is sent as a name.
  const name = createHash('sha256').update(given).digest('base64')
  return [
    { kind: 'pair', key: `pair ${network} ${name}` },
    { kind: 'name', key: `name ${name}` },
    { kind: 'network', key: `network ${network}` },
  ] as const
}

const waitAfter = (over: number): number => (over <= 0 ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (over - 1)))
