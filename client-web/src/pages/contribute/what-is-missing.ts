export interface Readiness {
  /** The chosen examples, if any. */
  readonly chosen: { readonly numExamples: number } | null
  readonly agreed: boolean
  readonly minimum: number
  readonly paused: boolean
}

/** The one thing to do next before starting; null when nothing is missing. */
export function whatIsMissing({ chosen, agreed, minimum, paused }: Readiness): string | null {
  if (paused) return 'The task is paused by its admin; come back later.'
  if (chosen === null) return 'First choose what to train on.'
  if (chosen.numExamples < minimum)
    return `This task asks for at least ${minimum} examples; you have ${chosen.numExamples}.`
  return agreed ? null : 'Tick the box to agree.'
}
