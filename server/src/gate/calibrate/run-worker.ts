import { parentPort, workerData } from 'node:worker_threads'
import { makeRunner } from './run.ts'
import type { FromRunWorker, Job, RunWorkerData } from './run-protocol.ts'

const port = parentPort
if (port === null) throw new Error('run-worker.ts runs as a worker thread only')

const { recording, seed } = workerData as RunWorkerData
const runner = makeRunner(recording, seed)
const reply = (message: FromRunWorker): void => port.postMessage(message)

/** One job after the other: the next one is sent when this one is answered. */
port.on('message', (job: Job) => {
  doJob(job).then(reply, (error: unknown) =>
    reply({ type: 'failed', detail: error instanceof Error ? error.message : String(error) }),
  )
})

async function doJob({ scenario, setting, from, to }: Job): Promise<FromRunWorker> {
  const outcomes = []
  for (let run = from; run < to; run++) outcomes.push(await runner.run(scenario, setting, run))
  return { type: 'done', outcomes }
}
