import {
  privacyOf,
  startSession,
  tfjsTrainer,
  type Conditions,
  type Session,
  type SessionEvent,
} from '@panal/client-core'
import { chooseBackend } from './backend.ts'
import { borrowSample } from './borrow-sample.ts'
import { browserRuntime } from './browser-runtime.ts'
import { calmly } from './calmly.ts'
import { forgetInvitation, keptInvitation } from './kept-invitation.ts'
import { readSource } from './read-source.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

type SessionMessage = Extract<ToWorker, { type: 'start' | 'conditions' | 'pause' | 'resume' | 'leave' }>
type Tell = (message: FromWorker) => void

let session: Session | undefined
let conditions: Conditions = { charging: true, unmetered: true, idle: true }

/** One session at a time: a worker lives for one. */
export async function handleSession(message: SessionMessage, tell: Tell): Promise<void> {
  switch (message.type) {
    case 'start':
      conditions = message.conditions
      return start(message, tell)
    case 'conditions':
      conditions = message.conditions
      return
    case 'pause':
      return session?.pause()
    case 'resume':
      return session?.resume()
    case 'leave':
      // Not awaited: leaving says goodbye to the server, and its end comes as an event.
      void session?.leave()
  }
}

async function start({ card, source, backend }: Extract<SessionMessage, { type: 'start' }>, tell: Tell): Promise<void> {
  const runtime = browserRuntime(self.location.origin, () => conditions)
  const { dataset, summary } =
    source.kind === 'sample' ? await borrowSample(card, source.sha256) : readSource(card, source)
  tell({ type: 'data', summary })
  const { chosen, trials } = await chooseBackend(backend, card.topology)
  tell({ type: 'backend', chosen, trials })
  const invited = card.enrolment === 'invitation' ? await keptInvitation(card.id) : null
  session = startSession({
    runtime,
    taskId: card.id,
    // What the page showed when its owner agreed.
    agreed: privacyOf(card),
    data: dataset,
    invitation: invited?.invitation,
    makeTrainer: ({ topology, data, loss }) => tfjsTrainer(topology, data, loss, { clock: runtime.clock }),
    onEvent: calmly(runtime.clock, (event) => {
      const tellIt = () => tell({ type: 'session', event })
      if (hasRefusedInvitation(event)) void forgetInvitation(card.id).finally(tellIt)
      else tellIt()
    }),
  })
}

/** The last event of such a session: the page may hear of it a little later. */
const hasRefusedInvitation = (event: SessionEvent): boolean =>
  event.type === 'state' && event.state.state === 'left' && event.state.code === 'invalid-invitation'
