import type { RoundSummary, SessionState } from '@panal/client-core'
import type { DataSummary } from '../data/table-file.ts'
import type { BackendName, BackendTrial, FromWorker } from './worker-messages.ts'

/** One point of the live loss chart; `at` counts rounds of this session: 2.5 is half-way through its third. */
export interface LossPoint {
  readonly at: number
  readonly loss: number
}

/** A round this device worked for in vain: the server refused its update, or something failed here. */
export interface Setback {
  readonly roundNumber: number
  readonly detail: string
}

/** What the page shows of this browser's contribution. */
export interface ContributionView {
  readonly phase: 'idle' | 'starting' | 'running' | 'ended'
  readonly taskId: string | null
  readonly session: SessionState | null
  readonly backend: { readonly chosen: BackendName; readonly trials: readonly BackendTrial[] } | null
  readonly data: DataSummary | null
  readonly round: RoundSummary | null
  readonly points: readonly LossPoint[]
  readonly numAccepted: number
  readonly numWithdrawn: number
  readonly setbacks: readonly Setback[]
  readonly bytesDown: number
  readonly bytesUp: number
  readonly failure: string | null
}

export const idleView: ContributionView = {
  phase: 'idle',
  taskId: null,
  session: null,
  backend: null,
  data: null,
  round: null,
  points: [],
  numAccepted: 0,
  numWithdrawn: 0,
  setbacks: [],
  bytesDown: 0,
  bytesUp: 0,
  failure: null,
}

/** More points than the chart has pixels help nobody: beyond this, every second one goes. */
const maxPoints = 400

export type ViewAction =
  { readonly type: 'begin'; readonly taskId: string } | { readonly type: 'from-worker'; readonly message: FromWorker }

/** Pure: what the page shows after one message of the worker. */
export function nextView(view: ContributionView, action: ViewAction): ContributionView {
  if (action.type === 'begin') return { ...idleView, phase: 'starting', taskId: action.taskId }
  const { message } = action
  switch (message.type) {
    case 'backend':
      return { ...view, backend: { chosen: message.chosen, trials: message.trials } }
    case 'data':
      return { ...view, data: message.summary }
    case 'failed':
      return message.requestId === undefined ? { ...view, phase: 'ended', failure: message.detail } : view
    case 'session':
      return afterSessionEvent(view, message.event)
    default:
      return view
  }
}

function afterSessionEvent(
  view: ContributionView,
  event: Extract<FromWorker, { type: 'session' }>['event'],
): ContributionView {
  switch (event.type) {
    case 'state':
      return {
        ...view,
        phase: event.state.state === 'left' ? 'ended' : 'running',
        session: event.state,
        points: withLoss(view, event.state),
      }
    case 'joined':
      return { ...view, phase: 'running' }
    case 'round':
      return { ...view, round: event.round }
    case 'accepted':
      return {
        ...view,
        numAccepted: view.numAccepted + 1,
        bytesDown: view.bytesDown + event.bytesDown,
        bytesUp: view.bytesUp + event.bytesUp,
      }
    case 'refused':
    case 'failed':
      return { ...view, setbacks: [...view.setbacks, { roundNumber: event.roundNumber, detail: event.detail }] }
    case 'withdrawn':
      return { ...view, numWithdrawn: view.numWithdrawn + 1 }
    case 'promoted':
    case 'counted':
    case 'personalised':
      return view
  }
}

function withLoss(view: ContributionView, state: SessionState): readonly LossPoint[] {
  if (state.state !== 'training' || state.loss === null) return view.points
  const roundsDone = view.numAccepted + view.setbacks.length + view.numWithdrawn
  const points = [...view.points, { at: roundsDone + state.fraction, loss: state.loss }]
  return points.length <= maxPoints ? points : points.filter((_point, index) => index % 2 === 0)
}
