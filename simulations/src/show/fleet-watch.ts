import { EventEmitter, on } from 'node:events'
import type { Pointers, RoundSummary, SessionEvent, SessionState } from '@panal/client-core'
import type { RoundsView } from './screen.ts'

const phaseOrder: readonly RoundSummary['phase'][] = ['collecting', 'aggregating', 'gating', 'closed']

/** What the fleet's devices were told and did, put together: every device hears of every round, in its own time. */
export class FleetWatch {
  readonly #events = new EventEmitter<{
    closed: [RoundSummary]
    joined: [number]
    changed: []
    problem: [string]
    error: [Error]
  }>()
  readonly #states = new Map<number, SessionState['state']>()
  readonly #joined = new Set<number>()
  readonly #rounds = new Map<number, RoundSummary>()
  readonly #pointers = new Map<number, Pointers>()

  readonly observe = (device: number, event: SessionEvent): void => {
    if (event.type === 'state') this.#states.set(device, event.state.state)
    if (event.type === 'joined' && !this.#joined.has(device)) {
      this.#joined.add(device)
      this.#events.emit('joined', this.#joined.size)
    }
    const problem = describeProblem(device, event)
    if (problem !== undefined) this.#events.emit('problem', problem)
    if (event.type === 'round') this.#observeRound(event.round)
    this.#events.emit('changed')
  }

  /** The pointers as they stand after a round. */
  setPointers(roundNumber: number, pointers: Pointers): void {
    this.#pointers.set(roundNumber, pointers)
    this.#events.emit('changed')
  }

  get view(): RoundsView {
    const devices: Partial<Record<SessionState['state'], number>> = {}
    for (const state of this.#states.values()) devices[state] = (devices[state] ?? 0) + 1
    const rounds = [...this.#rounds.values()]
      .sort((a, b) => a.number - b.number)
      .map((round) => ({ round, pointers: this.#pointers.get(round.number) }))
    return { rounds, devices }
  }

  /** A thread of the fleet is gone: whoever waits for its devices is told. */
  fail(error: Error): void {
    this.#events.emit('error', error)
  }

  /** What went wrong on one device, in words; the rounds go on. */
  onProblem(listener: (problem: string) => void): void {
    this.#events.on('problem', listener)
  }

  onChange(listener: () => void): void {
    this.#events.on('changed', listener)
  }

  /** Resolves when so many different devices have joined. @throws the signal's reason */
  async joined(count: number, signal: AbortSignal, onProgress: (newcomers: number) => void): Promise<void> {
    onProgress(this.#joined.size)
    if (this.#joined.size >= count) return
    for await (const [size] of on(this.#events, 'joined', { signal }) as AsyncIterable<[number]>) {
      onProgress(1)
      if (size >= count) return
    }
  }

  /** Rounds as they close, each once, from the first one on. @throws AbortError when the signal aborts */
  async *closedRounds(signal: AbortSignal): AsyncGenerator<RoundSummary> {
    const coming = on(this.#events, 'closed', { signal }) as AsyncIterable<[RoundSummary]>
    for (const round of [...this.#rounds.values()]) if (round.phase === 'closed') yield round
    for await (const [round] of coming) yield round
  }

  #observeRound(round: RoundSummary): void {
    const known = this.#rounds.get(round.number)
    if (known !== undefined && phaseOrder.indexOf(known.phase) > phaseOrder.indexOf(round.phase)) return
    this.#rounds.set(round.number, round)
    if (round.phase === 'closed' && known?.phase !== 'closed') this.#events.emit('closed', round)
  }
}

/** Came after enough others: what over-selection is for, and counted as late. */
const onlyLate = new Set(['round-closed', 'stale-round'])

function describeProblem(device: number, event: SessionEvent): string | undefined {
  if (event.type === 'refused' && onlyLate.has(event.code)) return undefined
  if (event.type === 'refused' || event.type === 'failed')
    return `device ${device}, round ${event.roundNumber}: ${event.type}: ${event.code ?? ''} ${event.detail}`
  if (event.type === 'state' && event.state.state === 'left' && event.state.reason !== 'asked')
    return `device ${device} left: ${event.state.code ?? ''} ${event.state.detail ?? ''}`
  return undefined
}
