import type { EpochMs } from '../device/clock.ts'
import type { GateVerdict, SampleQuery } from '../protocol/gate-report.ts'
import type { ReportSignature } from '../protocol/signed-report.ts'
import type { Child } from './markup.ts'

/** What is shown beside a report; each part where it is known. */
export interface ReportContext {
  /** Of the task. */
  readonly title?: string
  /** Of the model that was judged. */
  readonly weightsSha256?: string
  /** What became of the model: `promoted`, `held`, … */
  readonly status?: string
  /** Null: made before reports were signed. */
  readonly signature?: ReportSignature | null
  /** Where the server's keys are, to check the signature with. */
  readonly keysUrl?: string
  /** Judgements by the same gate set, oldest first. */
  readonly looks?: readonly ReportLook[]
  /** Shows the examples behind a row, or how to get at them; also those that are the worst of all, in their own section. */
  readonly examples?: (query: SampleQuery, where: 'row' | 'worst') => Child
}

/** One judgement by a gate set. */
export interface ReportLook {
  readonly taskId: string
  readonly version: number
  readonly at: EpochMs
  readonly verdict?: GateVerdict
}
