import { Worker, type WorkerOptions } from 'node:worker_threads'

/** A URL and not a name, so that the working directory does not matter. */
const registerTypescript = new URL('./register-typescript.mjs', import.meta.url).href

/**
 * A worker thread that runs TypeScript from source, whatever started this process: tsx, jest or plain node.
 * Node flags of this process do not reach the worker; give the ones it needs in `options.execArgv`.
 * @param url of the `.ts` file: `new URL('./my-worker.ts', import.meta.url)`
 */
export const spawnWorker = (url: URL, options: WorkerOptions = {}): Worker =>
  new Worker(url, { ...options, execArgv: ['--import', registerTypescript, ...(options.execArgv ?? [])] })
