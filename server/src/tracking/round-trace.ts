import {
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Link,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api'
import type { RoundSummary } from '@panal/client-core'
import type { UpdateRecord } from '../round/ports.ts'
import type { Round } from '../round/state.ts'

/** The steps of a round, as `runRound` counts them. */
export type Step = 'select' | 'collect' | 'aggregate' | 'apply' | 'gate' | 'promote'

/** The trace of one run of a round: a span for the whole, and under it one for each step, one after another. */
export class RoundTrace {
  readonly #tracer: Tracer
  readonly #root: Span
  #step: Span

  constructor(tracer: Tracer, taskId: string) {
    this.#tracer = tracer
    this.#root = tracer.startSpan('round', { root: true, attributes: { 'panal.task': taskId } })
    this.#step = this.#begin('select')
  }

  get context(): SpanContext {
    return this.#root.spanContext()
  }

  /** The round is known now. `base` is the trace of the round that made its base version. */
  entered({ number, phase, baseVersion, cohort }: Round, base: SpanContext | undefined): void {
    this.#root.setAttributes({
      'panal.round': number,
      'panal.base_version': baseVersion,
      'panal.cohort': cohort.length,
      'panal.phase_at_entry': phase,
    })
    if (base !== undefined) this.#root.addLink({ context: base } satisfies Link)
  }

  step(name: Step): void {
    this.#step.end()
    this.#step = this.#begin(name)
  }

  /** What became of one update. Of the device nothing is said: whoever reads traces need not know who took part. */
  update({ verdict, bytes }: UpdateRecord): void {
    this.#step.addEvent('update', { 'panal.verdict': verdict, 'panal.bytes': bytes })
  }

  closed({ outcome, reason, numAccepted, numRejected, numDropped, numLate, candidateVersion }: RoundSummary): void {
    this.#root.setAttributes({
      'panal.outcome': outcome ?? 'abandoned',
      'panal.accepted': numAccepted,
      'panal.rejected': numRejected,
      'panal.dropped': numDropped,
      'panal.late': numLate,
      ...(candidateVersion === undefined ? {} : { 'panal.candidate_version': candidateVersion }),
    })
    if (outcome === 'abandoned') this.#fail(reason)
    this.#end()
  }

  /** The server stops, or the round failed and will be taken up again. */
  interrupted(): void {
    this.#fail('interrupted')
    this.#end()
  }

  #begin(name: Step): Span {
    return this.#tracer.startSpan(name, {}, trace.setSpan(ROOT_CONTEXT, this.#root))
  }

  #fail(message: string | undefined): void {
    this.#root.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) })
  }

  #end(): void {
    this.#step.end()
    this.#root.end()
  }
}
