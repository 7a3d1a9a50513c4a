import type { RoundSummary } from '@panal/client-core'
import type { Registry } from '../registry/registry.ts'
import { advance, type Round, type RoundEvent } from './state.ts'
import { emptyTally, summarise, type Tally } from './summary.ts'

/**
 * The one round of a task that is in memory: its state moves only through `advance`, and a change of phase is durable
 * before anybody hears of it [R1].
 */
export class LiveRound {
  #round: Round
  readonly tally: Tally = emptyTally()
  readonly #registry: Registry
  readonly #publish: (summary: RoundSummary) => void
  #settled: () => void = () => undefined
  /** Resolves when collection is over. */
  readonly collected: Promise<void>
  readonly #collecting = new AbortController()

  constructor(round: Round, registry: Registry, publish: (summary: RoundSummary) => void) {
    this.#round = round
    this.#registry = registry
    this.#publish = publish
    this.collected = new Promise((resolve) => (this.#settled = resolve))
    if (round.phase !== 'collecting') this.#endCollection()
    registry.saveRound(round, this.summary)
    publish(this.summary)
  }

  get round(): Round {
    return this.#round
  }

  get summary(): RoundSummary {
    return summarise(this.#round, this.tally)
  }

  /** Aborts when collection is over, with the refusal that an upload in flight gets. */
  get whileCollecting(): AbortSignal {
    return this.#collecting.signal
  }

  dispatch(event: RoundEvent): Round {
    const next = advance(this.#round, event)
    if (next !== this.#round) this.replace(next)
    return this.#round
  }

  /** Takes a state that `advance` has produced elsewhere, inside the transaction that made it durable. */
  replace(next: Round): void {
    const phaseChanged = next.phase !== this.#round.phase
    this.#round = next
    if (phaseChanged) this.#registry.saveRound(next, this.summary)
    if (phaseChanged && next.phase !== 'collecting') this.#endCollection()
    this.#publish(this.summary)
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
