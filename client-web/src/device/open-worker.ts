import type { FromWorker } from './worker-messages.ts'

/** A worker of this app; a worker that cannot start or crashes is told like any other failure. */
export function openWorker(onMessage: (message: FromWorker) => void): Worker {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => onMessage(data)
  worker.onerror = (event) =>
    onMessage({ type: 'failed', detail: event.message === '' ? 'the worker could not be started' : event.message })
  return worker
}
