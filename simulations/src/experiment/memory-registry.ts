import type { GateReport, Params, Pointers } from '@panal/client-core'
import {
  advance,
  carriedOver,
  paramsToBytes,
  sha256Of,
  type AggregatingRound,
  type ClosedRound,
  type GatingRound,
  type Round,
  type RoundRegistry,
  type Task,
  type Terms,
} from '@panal/server'

/** All that the next round depends on, between two rounds. */
export interface Head {
  readonly version: number
  readonly params: Params
  readonly optimizerState: Params
  /** [size] What the last updates came to; absent where the rule does not go on from it, and before the first round. */
  readonly aggregate?: Params
  /** Norms of what counted in the rounds that made this version, the newest first; absent where no rule uses them. */
  readonly norms?: readonly (readonly number[])[]
  readonly lastRound: number
  /** Where devices go on from one round into the next. */
  readonly earlier?: Earlier
}

/** What devices that are still at work depend on. */
export interface Earlier {
  /** The last round: who had not reported in it, and since when each is at work. */
  readonly round: ClosedRound
  /** By version: what they train from, where it is no longer the head. */
  readonly bases: ReadonlyMap<number, Params>
}

/** What goes with a version. */
type Kept = Pick<Head, 'params' | 'optimizerState' | 'aggregate' | 'norms'>

const keptOf = ({ params, optimizerState, aggregate, norms }: Kept): Kept => ({
  params,
  optimizerState,
  ...(aggregate && { aggregate }),
  ...(norms && { norms }),
})

/**
 * What a round asks of a server's registry, in memory: the newest version, and those that devices still train from; an
 * experiment judges none against an earlier one. It is made durable by a checkpoint, between rounds.
 */
export class MemoryRegistry implements RoundRegistry {
  readonly #terms: Terms
  readonly #numEarlierRounds: number
  #collected: readonly number[] = []
  #head: Head
  #candidate: Kept | null = null
  #round: Round | null = null
  #digest: { readonly version: number; readonly weightsSha256: string } | undefined

  constructor(head: Head, { document, strategy }: Pick<Task, 'document' | 'strategy'>) {
    this.#head = head
    this.#terms = document
    this.#numEarlierRounds = strategy.aggregator.numEarlierRounds ?? 0
  }

  /** Norms of what counts in the round, each by its discount: what a server has in its updates' rows. */
  collected(norms: readonly number[]): void {
    this.#collected = norms
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
    return this.#headAt(version).optimizerState
  }

  async aggregate(_taskId: string, version: number): Promise<Params | null> {
    return this.#headAt(version).aggregate ?? null
  }

  async earlierNorms(_task: Task, version: number, numRounds: number): Promise<number[]> {
    return (this.#headAt(version).norms ?? []).slice(0, numRounds).flat()
  }

  lastRoundNumber(): number {
    return this.#round?.number ?? this.#head.lastRound
  }

  /** The last one that was closed; undefined of any other. */
  round(_taskId: string, number: number): Round | undefined {
    const last = this.#head.earlier?.round
    return last?.number === number ? last : undefined
  }

  saveRound(round: Round): void {
    this.#round = round
  }

  async propose(round: AggregatingRound, candidate: Kept): Promise<GatingRound> {
    const norms = [this.#collected, ...(this.#head.norms ?? [])].slice(0, this.#numEarlierRounds)
    this.#candidate = keptOf({ ...candidate, ...(this.#numEarlierRounds > 0 && { norms }) })
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
    this.#moveOn(closed, sound ? { ...candidate, version: round.candidateVersion } : this.#head)
    return closed
  }

  /** A round that came to no candidate: the head stays. */
  abandoned(closed: ClosedRound): void {
    this.#moveOn(closed, this.#head)
  }

  #moveOn(round: ClosedRound, { version, ...next }: Kept & Pick<Head, 'version'>): void {
    const moved = { ...keptOf(next), version, lastRound: round.number }
    if ((this.#terms.cohort.maxStaleness ?? 0) === 0) return void (this.#head = moved)
    const { carried } = carriedOver(round, round.closedAt, this.#terms)
    const versions = new Set(carried.map(({ baseVersion }) => baseVersion).filter((each) => each !== version))
    const bases = new Map([...versions].map((version) => [version, this.#paramsOf(version)]))
    this.#head = { ...moved, earlier: { round, bases } }
  }

  #headAt(version: number): Head {
    if (version !== this.#head.version) throw new Error(`experiment: version ${version} is not the head`)
    return this.#head
  }

  #paramsOf(version: number): Params {
    const { earlier } = this.#head
    const params = version === this.#head.version ? this.#head.params : earlier?.bases.get(version)
    if (params === undefined) throw new Error(`experiment: version ${version} is no longer in memory`)
    return params
  }
}
