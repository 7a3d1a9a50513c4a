import type { RoundSummary } from '@panal/client-core'
import { failpoint } from '../failpoint.ts'
import type { Registry } from '../registry/registry.ts'
import { advance, countStatus, type Round, type RoundEvent } from './state.ts'
import { summarise, type Tally } from './summary.ts'

/**
 * The one round of a task that is in memory: its state moves only through `advance`, and a change of phase is durable
 * before anybody hears of it [R1].
 */
export class LiveRound {
  #round: Round
  #tally: Tally
  #judging: RoundSummary['judging']
  readonly #registry: Pick<Registry, 'saveRound'>
  readonly #publish: (summary: RoundSummary) => void
  #settled: () => void = () => undefined
  /** Resolves when collection is over. */
  readonly collected: Promise<void>
  readonly #collecting = new AbortController()

  /** @param tally what an interrupted round had added up before; `emptyTally()` for a new one */
  constructor(
    round: Round,
    tally: Tally,
    registry: Pick<Registry, 'saveRound'>,
    publish: (summary: RoundSummary) => void,
  ) {
    this.#tally = tally
    this.#round = round
    this.#registry = registry
    this.#publish = publish
    this.collected = new Promise((resolve) => (this.#settled = resolve))
    this.#enter()
  }

  /** Goes on from what is on disk, after a failure. Uploads under way stay with it: there is never a second of one round. */
  takeUp(round: Round): this {
    this.#round = round
    this.#judging = undefined
    this.#enter()
    return this
  }

  get round(): Round {
    return this.#round
  }

  get tally(): Tally {
    return this.#tally
  }

  /** What devices are told of it [P13], and what its row in the database says. */
  get summary(): RoundSummary {
    return summarise(this.#round, this.#tally)
  }

  /** And how far the gate is. */
  get news(): RoundSummary {
    return this.#judging === undefined ? this.summary : { ...this.summary, judging: this.#judging }
  }

  /** How far the gate is: for those who watch, and in no row of the database. */
  set judging(judging: NonNullable<RoundSummary['judging']>) {
    this.#judging = judging
    this.#publish(this.news)
  }

  /** Aborts when collection is over, with the refusal that an upload in flight gets. */
  get whileCollecting(): AbortSignal {
    return this.#collecting.signal
  }

  dispatch(event: RoundEvent, alongside?: () => void): Round {
    const next = advance(this.#round, event)
    if (next !== this.#round) this.replace(next, alongside)
    else alongside?.()
    return this.#round
  }

  /**
   * Moves to a state that `advance` has produced: on disk first, in one transaction with the rows that `alongside`
   * writes, then in memory, then for everybody to see. If the disk refuses, nothing has moved.
   * @param tally what the round adds up to then, where that moves with it
   */
  replace(next: Round, alongside?: () => void, tally = this.#tally): void {
    const phaseChanged = next.phase !== this.#round.phase
    // who declined is in no row of its own; every other status is, or comes back by itself
    const declined = countStatus(next, 'declined') !== countStatus(this.#round, 'declined')
    const collectionEnds = phaseChanged && this.#round.phase === 'collecting'
    if (collectionEnds) failpoint('before-close')
    if (phaseChanged || declined) this.#registry.saveRound(next, summarise(next, tally), alongside)
    else alongside?.()
    if (collectionEnds) failpoint('after-close')
    this.#round = next
    this.#tally = tally
    if (phaseChanged) this.#judging = undefined
    if (phaseChanged && next.phase !== 'collecting') this.#endCollection()
    this.#publish(this.news)
  }

  #enter(): void {
    if (this.#round.phase !== 'collecting') this.#endCollection()
    this.#registry.saveRound(this.#round, this.summary)
    this.#publish(this.news)
  }

  #endCollection(): void {
    this.#settled()
    this.#collecting.abort(new RoundOver())
  }
}

/** Why an upload in flight stops: collection ended. Turned into 'round-closed' with the current round in the body. */
export class RoundOver extends Error {
  override readonly name = 'RoundOver'
}
