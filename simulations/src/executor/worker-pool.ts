import type { Worker } from 'node:worker_threads'
import { ExecutorError, executorErrors } from './executor.ts'
import type { Job, JobResult, WorkerCommand, WorkerReport } from './messages.ts'

/** Jobs that a worker holds at a time: the next one is there when it is done with one. */
const numAhead = 2
/** So many workers may die in one run before it is given up: a job that kills whoever takes it would kill for ever. */
const maxDeaths = 5

export interface PoolOptions {
  readonly numWorkers: number
  /** @param place 0…numWorkers − 1; the same again for the one that replaces a dead worker */
  readonly spawn: (place: number) => Worker
  readonly onNote: (line: string) => void
  /** Whether each update comes by itself: memory then grows with the cohort. */
  readonly hasVectors?: boolean
}

/** Told of the jobs of one run. */
export interface RunEvents {
  onResult(index: number, result: JobResult, place: number): void
  /** A worker is gone, and what it summed up; the jobs that it had done will be told of once more. */
  onLost(place: number): void
}

interface Place {
  readonly number: number
  worker: Worker
  readonly held: Set<number>
  readonly done: number[]
  /** What it died of last. */
  error: Error | undefined
}

interface Run extends RunEvents {
  readonly number: number
  readonly jobs: readonly Job[]
  readonly waiting: number[]
  numLeft: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * A fixed number of worker threads that share the jobs of one run at a time, each as fast as it can. A worker that dies is
 * replaced, and all that it did for the run is done again: its partial sum died with it.
 */
export class WorkerPool {
  readonly #options: PoolOptions
  readonly #places: Place[]
  #run: Run | null = null
  #numRuns = 0
  /** Since the last run that came to its end. */
  #numDeaths = 0
  #broken: ExecutorError | null = null
  #closing = false

  /** @throws ExecutorError 'no-worker': those that were started before then end by themselves */
  constructor(options: PoolOptions) {
    this.#options = options
    this.#places = []
    try {
      for (let number = 0; number < options.numWorkers; number++) {
        const place: Place = { number, worker: options.spawn(number), held: new Set(), done: [], error: undefined }
        this.#places.push(place)
        this.#watch(place)
      }
    } catch (error) {
      this.#closing = true
      for (const place of this.#places) this.#tell(place, { type: 'stop' })
      throw notStarted(error)
    }
  }

  /** Resolves when every job is done. One run at a time. @throws ExecutorError or the signal's reason */
  async run(jobs: readonly Job[], events: RunEvents, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#broken !== null) throw this.#broken
    if (this.#run !== null) throw new Error('worker pool: a run is under way')
    const stop = () => this.#fail(signal.reason)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#run = {
          ...events,
          number: ++this.#numRuns,
          jobs,
          waiting: jobs.map((_, index) => index).reverse(),
          numLeft: jobs.length,
          resolve,
          reject,
        }
        signal.addEventListener('abort', stop, { once: true })
        for (const place of this.#places) {
          place.held.clear()
          place.done.length = 0
          this.#begin(place, this.#run)
        }
        if (jobs.length === 0) resolve()
      })
      this.#numDeaths = 0
    } finally {
      signal.removeEventListener('abort', stop)
      this.#run = null
    }
  }

  /** Each worker finishes the job in hand: to end a thread while it is in native code is to end the process. */
  async close(): Promise<void> {
    this.#closing = true
    const alive = this.#places.filter(({ worker }) => worker.threadId !== -1)
    await Promise.all(
      alive.map((place) => {
        const ended = new Promise((resolve) => place.worker.once('exit', resolve))
        this.#tell(place, { type: 'stop' })
        return ended
      }),
    )
  }

  #begin(place: Place, run: Run): void {
    this.#tell(place, { type: 'begin', run: run.number })
    this.#feed(place, run)
  }

  #feed(place: Place, run: Run): void {
    while (place.held.size < numAhead) {
      const index = run.waiting.pop()
      if (index === undefined) return
      place.held.add(index)
      this.#tell(place, { type: 'job', run: run.number, index, job: run.jobs[index]! })
    }
  }

  #tell({ worker }: Place, command: WorkerCommand): void {
    worker.postMessage(command)
  }

  #watch(place: Place): void {
    const { worker } = place
    worker.on('message', (report: WorkerReport) => {
      if (place.worker === worker) this.#hear(place, report)
    })
    worker.on('error', (error: Error) => (place.error = error))
    worker.once('exit', () => this.#replace(place))
  }

  #hear(place: Place, report: WorkerReport): void {
    if (report.type === 'note') return this.#options.onNote(report.line)
    const run = this.#run
    if (run?.number !== report.run) return // of a run that was given up
    if (report.type === 'failed') return this.#fail(failure(report, this.#options))
    place.held.delete(report.index)
    place.done.push(report.index)
    run.onResult(report.index, report.result, place.number)
    run.numLeft -= 1
    if (run.numLeft === 0) run.resolve()
    else this.#feed(place, run)
  }

  #replace(place: Place): void {
    if (this.#closing || this.#broken !== null) return
    const { error } = place
    this.#numDeaths += 1
    if (error !== undefined && isOutOfMemory(error)) return this.#break(outOfMemory(error, this.#options))
    if (this.#numDeaths > maxDeaths) return this.#break(tooManyDeaths(error))
    const again = place.done.splice(0)
    const held = [...place.held]
    place.held.clear()
    try {
      place.worker = this.#options.spawn(place.number)
    } catch (notSpawned) {
      return this.#break(notStarted(notSpawned))
    }
    place.error = undefined
    this.#watch(place)
    const run = this.#run
    if (run === null) return
    run.onLost(place.number)
    run.numLeft += again.length
    run.waiting.push(...again, ...held)
    this.#begin(place, run)
    for (const other of this.#places) this.#feed(other, run) // some may have had nothing left to do
  }

  /** For good: a worker is missing. */
  #break(error: ExecutorError): void {
    this.#broken = error
    this.#fail(error)
  }

  #fail(error: unknown): void {
    this.#run?.reject(error)
  }
}

function failure(error: { readonly code?: string | undefined; readonly message: string }, options: PoolOptions): Error {
  if (isOutOfMemory(error)) return outOfMemory(error, options)
  return new ExecutorError(isExecutorCode(error.code) ? error.code : 'training-failed', error.message)
}

const isExecutorCode = (code: string | undefined): code is keyof typeof executorErrors =>
  code !== undefined && Object.hasOwn(executorErrors, code)

const notStarted = (cause: unknown): ExecutorError =>
  new ExecutorError(
    'no-worker',
    `a worker thread cannot be started (${cause instanceof Error ? cause.message : String(cause)}). Lower --workers`,
    { cause },
  )

const tooManyDeaths = (error: Error | undefined): ExecutorError =>
  new ExecutorError(
    'workers-die',
    `${maxDeaths + 1} workers have died in one round: ${error?.message ?? 'they ended without a word'}`,
    { cause: error },
  )

/** Of V8's own heap, of array buffers, and of native code. */
const isOutOfMemory = ({ code, message }: { readonly code?: string | undefined; readonly message: string }): boolean =>
  code === 'ERR_WORKER_OUT_OF_MEMORY' || /allocation failed|bad_alloc|failed to allocate|out of memory/i.test(message)

const outOfMemory = ({ message }: { readonly message: string }, { hasVectors = false }: PoolOptions): ExecutorError =>
  new ExecutorError(
    'out-of-memory',
    `a worker ran out of memory (${message}). Lower --workers first, for each holds a model and a sum of its own; then plan.batchSize or plan.maxExamples${hasVectors ? '; and cohort.size, for each update is in memory: the aggregator, or the attack, needs them all' : ''}`,
  )
