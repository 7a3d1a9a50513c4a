import type { EpochMs, TaskCard } from '@panal/client-core'
import { judgeInvitation, type Invitation } from './invitation.ts'

/** Whether this browser may begin a task, as far as invitations go. */
export type Admission =
  /** The task takes any device, or has let this one in. */
  | { readonly state: 'open' }
  /** This browser's storage or the server's keys have not been read yet. */
  | { readonly state: 'checking' }
  | { readonly state: 'needed' }
  | { readonly state: 'invited'; readonly expiresAt: EpochMs }
  | { readonly state: 'refused'; readonly reason: string }

/** What this browser keeps of its way into a task. */
export interface KeptAdmission {
  readonly invitation: Invitation | null
  readonly isEnrolled: boolean
}

export interface AdmissionFacts {
  readonly card: Pick<TaskCard, 'id' | 'enrolment'>
  readonly kept: KeptAdmission | undefined
  /** Of the server's keys; undefined until they are known. */
  readonly keyIds: readonly string[] | undefined
  /** The server's time. */
  readonly now: EpochMs
  /** What the server said when it refused this browser's invitation, if it did. */
  readonly refusal: string | null
}

export function admissionOf({ card, kept, keyIds, now, refusal }: AdmissionFacts): Admission {
  if (card.enrolment !== 'invitation') return { state: 'open' }
  if (kept === undefined) return { state: 'checking' }
  if (kept.isEnrolled) return { state: 'open' }
  if (kept.invitation === null) return refusal === null ? { state: 'needed' } : { state: 'refused', reason: refusal }
  if (keyIds === undefined) return { state: 'checking' }
  const judged = judgeInvitation(kept.invitation, { taskId: card.id, keyIds, now })
  return judged.ok ? { state: 'invited', expiresAt: judged.expiresAt } : { state: 'refused', reason: judged.reason }
}
