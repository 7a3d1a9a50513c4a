import { Worker, type WorkerOptions } from 'node:worker_threads'
import { spawnWorker } from '@panal/server'
import { isCurrent } from '@panal/server/is-current'

const here = (path: string): URL => new URL(path, import.meta.url)
const compiled = here('../../dist/train-worker.js')
const sources = [
  '../',
  '../../../client-core/src/',
  '../../../server/src/',
  '../../package.json',
  '../../../node_modules/.package-lock.json',
].map(here)

let usesCompiled: boolean | undefined

/**
 * A thread that trains: what `npm run compile` made, where no source is newer, else from source, which takes seconds longer
 * and a hundred megabytes more. The same results either way.
 */
export function spawnTrainWorker(options: WorkerOptions): Worker {
  usesCompiled ??= isCurrent(compiled, sources)
  return usesCompiled ? new Worker(compiled, options) : spawnWorker(here('./train-worker.ts'), options)
}
