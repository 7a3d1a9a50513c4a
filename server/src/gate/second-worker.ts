import { parentPort } from 'node:worker_threads'
import { runModel } from './run-model.ts'
import type { FromSecond, ToSecond } from './second-thread.ts'

const port = parentPort
if (port === null) throw new Error('second-worker.ts runs as a worker thread only')

const cancels = new Map<number, AbortController>()

/** One run after the other; only a cancel overtakes. */
let queue: Promise<void> = Promise.resolve()
port.on('message', (message: ToSecond) => {
  if (message.type === 'cancel') return cancels.get(message.id)?.abort(new Error('cancelled'))
  cancels.set(message.id, new AbortController())
  queue = queue.then(() => run(message))
})

async function run({ id, spec, params, rows }: Extract<ToSecond, { type: 'run' }>): Promise<void> {
  const reply = (message: FromSecond): void => port?.postMessage(message)
  try {
    reply({ id, answers: await runModel(spec, params, rows, cancels.get(id)?.signal) })
  } catch (error) {
    reply({ id, detail: error instanceof Error ? error.message : String(error) })
  } finally {
    cancels.delete(id)
  }
}
