import type { Admission } from '../../data/admission.ts'

export interface Readiness {
  /** The chosen examples, if any. */
  readonly chosen: { readonly numExamples: number } | null
  readonly agreed: boolean
  readonly minimum: number
  readonly paused: boolean
  readonly admission: Admission['state']
}

/** The one thing to do next before starting; null when nothing is missing. */
export function whatIsMissing({ chosen, agreed, minimum, paused, admission }: Readiness): string | null {
  if (paused) return 'The task is paused by its admin; come back later.'
  if (admission === 'checking') return 'Looking whether this browser may take part.'
  if (admission === 'needed' || admission === 'refused') return 'First open a link that invites you.'
  if (chosen === null) return 'First choose what to train on.'
  if (chosen.numExamples < minimum)
    return `This task asks for at least ${minimum} examples; you have ${chosen.numExamples}.`
  return agreed ? null : 'Tick the box to agree.'
}
