import type { Worker } from 'node:worker_threads'
import { spawnWorker } from '../../thread.ts'
import type { Recording } from './recording.ts'
import type { FromRunWorker, Job, RunWorkerData } from './run-protocol.ts'
import type { RunOutcome } from './run.ts'

export interface RunAllOptions {
  readonly seed: number
  /** Threads; each holds a copy of the recording. */
  readonly numWorkers: number
  readonly signal: AbortSignal
  /** Told after some runs how many there were. */
  readonly onRuns?: (numRuns: number) => void
}

/**
 * Does all jobs on worker threads. What comes of a run depends on nothing but the recording, the seed and its number, so it
 * is the same whichever thread makes it and when. In the order of the jobs.
 * @throws the signal's reason when it aborts; an Error where a thread dies
 */
export async function runAll(
  recording: Recording,
  jobs: readonly Job[],
  { seed, numWorkers, signal, onRuns }: RunAllOptions,
): Promise<(readonly RunOutcome[])[]> {
  signal.throwIfAborted()
  const workerData: RunWorkerData = { recording, seed }
  const found: (readonly RunOutcome[])[] = []
  let next = 0
  const workThrough = async (worker: Worker): Promise<void> => {
    for (let at = next++; at < jobs.length; at = next++) {
      signal.throwIfAborted()
      const outcomes = await doJob(worker, jobs[at]!, signal)
      found[at] = outcomes
      onRuns?.(outcomes.length)
    }
  }
  const workers = Array.from({ length: Math.min(numWorkers, jobs.length) }, () =>
    spawnWorker(new URL('./run-worker.ts', import.meta.url), { workerData }),
  )
  try {
    await Promise.all(workers.map(workThrough))
    return found
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function doJob(worker: Worker, job: Job, signal: AbortSignal): Promise<readonly RunOutcome[]> {
  return new Promise((resolve, reject) => {
    const settled = (): void => {
      worker.off('message', hear).off('error', fail).off('exit', end)
      signal.removeEventListener('abort', stop)
    }
    const hear = (message: FromRunWorker): void => {
      settled()
      if (message.type === 'done') resolve(message.outcomes)
      else reject(new Error(`a run failed: ${message.detail}`))
    }
    const fail = (cause: Error): void => {
      settled()
      reject(new Error(`a thread of runs failed: ${cause.message}`, { cause }))
    }
    const end = (code: number): void => fail(new Error(`it stopped with code ${code}`))
    const stop = (): void => {
      settled()
      reject(signal.reason as Error)
    }
    worker.on('message', hear).on('error', fail).on('exit', end)
    signal.addEventListener('abort', stop, { once: true })
    worker.postMessage(job)
  })
}
