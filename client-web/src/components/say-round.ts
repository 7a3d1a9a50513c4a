import type { RoundSummary } from '@panal/client-core'

/** A round in one sentence. */
export function sayRound(round: RoundSummary | null): string {
  if (round === null) return 'The first round starts when enough devices have joined.'
  switch (round.phase) {
    case 'collecting':
      return `${round.numAccepted} of ${round.reportingGoal} updates are in.`
    case 'aggregating':
      return `Averaging ${round.numAccepted} updates into one model.`
    case 'gating':
      return `The new model is being examined before anybody is served by it${sayCheck(round)}.`
    case 'closed':
      return sayOutcome(round)
  }
}

const sayCheck = ({ judging }: RoundSummary): string =>
  judging === undefined ? '' : `: ${judging.check}, ${judging.numDone + 1} of ${judging.numChecks} checks`

function sayOutcome(round: RoundSummary): string {
  const model = round.candidateVersion === undefined ? 'The model' : `Model ${round.candidateVersion}`
  switch (round.outcome) {
    case 'promoted':
      return `${model} passed its examination and answers now.`
    case 'held':
      return `${model} is kept as the base of the next round, but not served.`
    case 'rejected':
      return `${model} failed its examination and is not served.`
    default:
      return `The round ended without a model${round.reason === undefined ? '.' : `: ${round.reason}`}`
  }
}
