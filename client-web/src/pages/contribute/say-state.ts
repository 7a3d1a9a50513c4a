import type { SessionState } from '@panal/client-core'
import type { ContributionView } from '../../device/contribution-view.ts'
import { formatDuration } from '../../components/format.ts'

/** What this device does now: a title, a sentence, and how far it is (0…1), where that can be said. */
export interface StateText {
  readonly title: string
  readonly detail: string
  readonly fraction: number | null
}

export function sayState(view: ContributionView): StateText {
  if (view.failure !== null) return { title: 'It could not start', detail: view.failure, fraction: null }
  if (view.session === null)
    return { title: 'Getting ready', detail: 'Reading the examples and choosing where to compute.', fraction: null }
  return saySession(view.session)
}

function saySession(session: SessionState): StateText {
  switch (session.state) {
    case 'connecting':
      return {
        title: 'Connecting',
        detail:
          session.attempt <= 1 ? 'Calling the server.' : `The server does not answer yet; try ${session.attempt}.`,
        fraction: null,
      }
    case 'waiting':
      return {
        title: 'Waiting for a round',
        detail:
          session.nextRoundInMs === null
            ? 'The server will ask this device when it is needed.'
            : `The next round is expected in about ${formatDuration(Math.max(1000, session.nextRoundInMs))}.`,
        fraction: null,
      }
    case 'paused':
      return { title: 'Paused', detail: 'The server does not ask this device until you resume.', fraction: null }
    case 'downloading':
      return of('Fetching the model', session.roundNumber, session.fraction)
    case 'training':
      return of('Training on this device', session.roundNumber, session.fraction)
    case 'uploading':
      return of('Sending the weight changes', session.roundNumber, session.fraction)
    case 'personalising':
      return of('Training your own model', session.roundNumber, session.fraction)
    case 'left':
      return sayLeft(session)
  }
}

const of = (title: string, roundNumber: number, fraction: number): StateText => ({
  title,
  detail: `Round ${roundNumber}, ${Math.round(fraction * 100)} %`,
  fraction,
})

function sayLeft({ reason, code, detail }: Extract<SessionState, { state: 'left' }>): StateText {
  if (reason === 'asked') return { title: 'You left', detail: 'Thank you for what you gave.', fraction: null }
  if (code === 'invalid-invitation')
    return { title: 'You were not let in', detail: detail ?? 'the server refused this invitation', fraction: null }
  const title = reason === 'refused' ? 'The server ended it' : 'It stopped'
  return { title, detail: detail ?? 'No further reason was given.', fraction: null }
}
