import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'

/**
 * Resolves when every thread has sent its first message. From the first moment on somebody listens for a thread's
 * failure, for one that nobody hears of ends the process: until all are ready it is thrown, after that told.
 * @throws what a thread threw
 */
export async function allReady(workers: readonly Worker[], onError: (error: Error) => void): Promise<void> {
  let areReady = false
  const failed = new Promise<never>((_, reject) => {
    for (const worker of workers) worker.on('error', (error: Error) => (areReady ? onError : reject)(error))
  })
  const ready = workers.map((worker) => once(worker, 'message'))
  await Promise.race([Promise.all(ready), failed])
  areReady = true
}
