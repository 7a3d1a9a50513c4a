import type { SpanContext, Tracer } from '@opentelemetry/api'
import type { RoundSummary } from '@panal/client-core'
import type { Rounds } from '../round/contract.ts'
import type { RoundPorts, UpdateLog } from '../round/ports.ts'
import { RoundTrace } from './round-trace.ts'
import { watched } from './watched.ts'

/** Versions whose traces are remembered, to be linked from the rounds that start from them. */
const maxRemembered = 1000

/**
 * A trace for each round, read off the calls that `runRound` makes: the round's own code knows nothing of it. A round
 * that a stop or a failure interrupted has one for each time it was taken up.
 */
export class RoundTraces {
  readonly #tracer: Tracer
  /** By task. */
  readonly #running = new Map<string, RoundTrace>()
  /** The trace in which a version was made, by task and version. */
  readonly #makers = new Map<string, SpanContext>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  /** The surroundings of one run of a round, which begins now. */
  watch(taskId: string, ports: RoundPorts): RoundPorts {
    this.#running.get(taskId)?.interrupted()
    const trace = new RoundTrace(this.#tracer, taskId)
    this.#running.set(taskId, trace)
    return {
      ...ports,
      registry: watched(ports.registry, {
        params: () => trace.step('apply'),
        conclude: () => trace.step('promote'),
      }),
      gate: watched(ports.gate, { judge: () => trace.step('gate') }),
      enter: (round) => {
        const live = ports.enter(round)
        trace.entered(live.round, this.#makers.get(`${taskId}/${round.baseVersion}`))
        if (round.phase === 'aggregating') trace.step('aggregate')
        return live
      },
      collect: async (live, signal) => {
        trace.step('collect')
        await ports.collect(live, signal)
        if (live.round.phase === 'aggregating') trace.step('aggregate')
      },
    }
  }

  /** The same log; what is durable in it is an event of the round's trace, too. */
  log(log: UpdateLog): UpdateLog {
    return {
      recordUpdates: (records) => {
        log.recordUpdates(records)
        for (const record of records) this.#running.get(record.taskId)?.update(record)
      },
      update: (...of) => log.update(...of),
      updatesOf: (...of) => log.updatesOf(...of),
      markSelected: (...selected) => log.markSelected(...selected),
      lastRounds: (taskId) => log.lastRounds(taskId),
    }
  }

  /** Listens for rounds that close. Returns the function that ends it, and with it every open trace. */
  follow(rounds: Pick<Rounds, 'onRound'>): () => void {
    const stop = rounds.onRound((summary) => this.#onRound(summary))
    return () => {
      stop()
      for (const trace of this.#running.values()) trace.interrupted()
      this.#running.clear()
    }
  }

  #onRound(summary: RoundSummary): void {
    const { taskId, phase, candidateVersion } = summary
    const trace = this.#running.get(taskId)
    if (phase !== 'closed' || trace === undefined) return
    trace.closed(summary)
    this.#running.delete(taskId)
    if (candidateVersion === undefined) return
    if (this.#makers.size >= maxRemembered) this.#makers.delete(this.#makers.keys().next().value ?? '')
    this.#makers.set(`${taskId}/${candidateVersion}`, trace.context)
  }
}
