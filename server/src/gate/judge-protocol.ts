import type { CheckResult } from '@panal/client-core'
import type { GateSubject } from './contract.ts'
import type { CandidateScores } from './measure-candidate.ts'
import type { Sources } from './sources.ts'

/** What a judging thread may be told to do. */
export type Task = { readonly type: 'check'; readonly index: number } | { readonly type: 'measure' }

/** What comes of each. */
export interface Outcomes {
  readonly check: CheckResult
  readonly measure: CandidateScores
}

/** A question to the sources, which stay on the main thread. */
export type Question = {
  readonly [Name in keyof Sources]: {
    readonly type: 'question'
    readonly id: number
    readonly name: Name
    readonly args: Parameters<Sources[Name]>
  }
}[keyof Sources]

/** What the main thread tells a judging thread: one task at a time, about the subject that was opened last. */
export type ToJudge =
  | { readonly type: 'open'; readonly subject: GateSubject }
  /** Nothing more is asked of that subject. */
  | { readonly type: 'close' }
  | Task
  | { readonly type: 'answer'; readonly id: number; readonly answer: Awaited<ReturnType<Sources[keyof Sources]>> }
  | { readonly type: 'no-answer'; readonly id: number; readonly detail: string }

/** What it says: questions, then one outcome of the task. */
export type FromJudge =
  | Question
  | { readonly type: 'done'; readonly outcome: Outcomes[keyof Outcomes] }
  | { readonly type: 'failed'; readonly detail: string }
