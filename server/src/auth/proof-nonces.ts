import { randomBytes } from 'node:crypto'
import type { Clock } from '@panal/client-core'

/** A proof is good for the nonce it was made with and the next: at most twice this long. */
const nonceMs = 5 * 60_000
/** Proofs remembered for one nonce: beyond, the next nonce comes early, so memory is bounded and no proof forgotten. */
const maxProofs = 50_000

interface Generation {
  readonly nonce: string
  readonly madeAt: number
  readonly used: Set<string>
}

export type Freshness = 'fresh' | 'stale' | 'used'

/**
 * What makes a request proof fresh and good once: a nonce of the server's, the same for everybody and changed every five
 * minutes, and the ids of the proofs that came with it. Kept in memory: a restart makes all older proofs stale.
 */
export class ProofNonces {
  readonly #clock: Clock
  #now: Generation
  #before: Generation

  constructor(clock: Clock) {
    this.#clock = clock
    this.#now = this.#generation()
    this.#before = this.#now
  }

  get current(): string {
    if (this.#clock.now() - this.#now.madeAt >= nonceMs || this.#now.used.size >= maxProofs) this.#turn()
    return this.#now.nonce
  }

  /** Whether a proof with this nonce may come now. */
  isFresh(nonce: string | undefined): boolean {
    return this.#generationOf(nonce) !== undefined
  }

  /** Takes note of a proof whose signature is good. */
  use(nonce: string | undefined, proofId: string): Freshness {
    const generation = this.#generationOf(nonce)
    if (generation === undefined) return 'stale'
    if (generation.used.has(proofId)) return 'used'
    generation.used.add(proofId)
    return 'fresh'
  }

  #generationOf(nonce: string | undefined): Generation | undefined {
    const { current } = this
    if (nonce === current) return this.#now
    const { nonce: previous, madeAt, used } = this.#before
    const isOver = this.#clock.now() - madeAt >= 2 * nonceMs || used.size >= 2 * maxProofs
    return nonce === previous && !isOver ? this.#before : undefined
  }

  #turn(): void {
    this.#before = this.#now
    this.#now = this.#generation()
  }

  #generation(): Generation {
    return { nonce: randomBytes(16).toString('base64url'), madeAt: this.#clock.now(), used: new Set() }
  }
}
