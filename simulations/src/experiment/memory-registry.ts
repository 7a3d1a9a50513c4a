import type { GateReport, Params, Pointers } from '@panal/client-core'
import {
  advance,
  paramsToBytes,
  sha256Of,
  type AggregatingRound,
  type ClosedRound,
  type GatingRound,
  type Round,
  type RoundRegistry,
  type Task,
} from '@panal/server'

/** All that the next round depends on, between two rounds. */
export interface Head {
  readonly version: number
  readonly params: Params
  readonly optimizerState: Params
  readonly lastRound: number
}

/**
 * What a round asks of a server's registry, in memory: the newest version only, for an experiment judges none against an
 * earlier one. It is made durable by a checkpoint, between rounds.
 */
export class MemoryRegistry implements RoundRegistry {
  #head: Head
  #candidate: { readonly params: Params; readonly optimizerState: Params } | null = null
  #round: Round | null = null
  #digest: { readonly version: number; readonly weightsSha256: string } | undefined

  constructor(head: Head) {
    this.#head = head
  }

  get head(): Head {
    return this.#head
  }

  /** What is being judged. */
  get candidate(): Params | null {
    return this.#candidate?.params ?? null
  }

  pointers(): Pointers {
    return { head: this.#head.version, champion: null, anchor: null }
  }

  version(_taskId: string, version: number): { readonly version: number; readonly weightsSha256: string } {
    if (this.#digest?.version !== version)
      this.#digest = { version, weightsSha256: sha256Of(paramsToBytes(this.#paramsOf(version))) }
    return this.#digest
  }

  async params(_taskId: string, version: number): Promise<Params> {
    return this.#paramsOf(version)
  }

  async optimizerState(_task: Task, version: number): Promise<Params> {
    this.#paramsOf(version)
    return this.#head.optimizerState
  }

  lastRoundNumber(): number {
    return this.#round?.number ?? this.#head.lastRound
  }

  saveRound(round: Round): void {
    this.#round = round
  }

  async propose(
    round: AggregatingRound,
    candidate: { readonly params: Params; readonly optimizerState: Params },
  ): Promise<GatingRound> {
    this.#candidate = candidate
    this.#digest = { version: this.#head.version + 1, weightsSha256: sha256Of(paramsToBytes(candidate.params)) }
    // numbers without gaps: a candidate that did not become head gives its own to the next
    const candidateVersion = this.#head.version + 1
    return advance(round, { type: 'aggregated', candidateVersion, at: round.collectedAt }) as GatingRound
  }

  async conclude(round: GatingRound, { sound, reason }: GateReport): Promise<ClosedRound> {
    const candidate = this.#candidate!
    this.#candidate = null
    const outcome = sound ? 'promoted' : 'rejected'
    const closed = advance(round, { type: 'gated', outcome, reason, at: round.aggregatedAt }) as ClosedRound
    this.#round = closed
    this.#head = sound
      ? { ...candidate, version: round.candidateVersion, lastRound: round.number }
      : { ...this.#head, lastRound: round.number }
    return closed
  }

  /** A round that came to no candidate: the head stays. */
  abandoned({ number }: Round): void {
    this.#head = { ...this.#head, lastRound: number }
  }

  #paramsOf(version: number): Params {
    if (version !== this.#head.version) throw new Error(`experiment: version ${version} is no longer in memory`)
    return this.#head.params
  }
}
