import type { FromWorker, ToWorker } from './worker-messages.ts'

/**
 * The worker of a page: trains, reads data files, predicts. What a message needs is fetched when it comes, so that a
 * page that only predicts does not wait for the session, and a file is read without tfjs.
 */
const tell = (message: FromWorker): void => postMessage(message)

/** Messages are handled one after the other, in the order they came. */
let handled: Promise<void> = Promise.resolve()

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  handled = handled.then(() => handle(data)).catch((error: unknown) => tell(failure(data, error)))
}

async function handle(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'inspect': {
      const { readSource } = await import('./read-source.ts')
      const { summary } = readSource(message.card, message.source)
      tell({ type: 'inspected', requestId: message.requestId, summary })
      return
    }
    case 'start':
    case 'conditions':
    case 'pause':
    case 'resume':
    case 'leave': {
      const { handleSession } = await import('./session-host.ts')
      return handleSession(message, tell)
    }
    case 'load-model':
    case 'predict':
    case 'drop-own': {
      const { handlePrediction } = await import('./predict-host.ts')
      return handlePrediction(message, tell)
    }
  }
}

const failure = (asked: ToWorker, error: unknown): FromWorker => ({
  type: 'failed',
  detail: error instanceof Error ? error.message : String(error),
  ...('requestId' in asked ? { requestId: asked.requestId } : {}),
})
