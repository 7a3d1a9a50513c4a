import { Worker, type WorkerOptions } from 'node:worker_threads'

/** A URL and not a name, so that the working directory does not matter. */
const registerTypescript = new URL('./register-typescript.mjs', import.meta.url).href
/** False where a bundler has compiled the sources: then it has compiled the workers, too, beside this file. */
const isSource = new URL(import.meta.url).pathname.endsWith('.ts')

/** Young objects of a thread: what is large in ours is arrays of numbers, which are not among them. Node's default is 48. */
const maxYoungGenerationSizeMb = 16

/**
 * A worker thread that runs TypeScript from source, whatever started this process: tsx, jest or plain node.
 * Node flags of this process do not reach the worker; give the ones it needs in `options.execArgv`.
 * @param url of the `.ts` file: `new URL('./my-worker.ts', import.meta.url)`
 */
export function spawnWorker(url: URL, { execArgv = [], ...rest }: WorkerOptions = {}): Worker {
  const options = { ...rest, resourceLimits: { maxYoungGenerationSizeMb, ...rest.resourceLimits } }
  return isSource
    ? new Worker(url, { ...options, execArgv: ['--import', registerTypescript, ...execArgv] })
    : new Worker(new URL(url.href.replace(/\.ts$/, '.js')), { ...options, execArgv })
}
