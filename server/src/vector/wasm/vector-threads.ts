import type { Worker } from 'node:worker_threads'
import { spawnWorker } from '../../thread.ts'
import { VectorError, type Place } from '../engine.ts'
import type { Operation } from './operations.ts'

/** An operation on some params of rows that any thread can read. */
export interface VectorTask {
  readonly operation: Operation
  readonly places: readonly Place[]
  /** [count] What each row is taken times. */
  readonly scales?: Float64Array | undefined
  readonly size: number
  readonly from: number
  readonly to: number
}
/** A thread's answer to its task. Without a code it is no verdict on the rows: the thread could not do it. */
export type VectorAnswer =
  { readonly values: Float32Array | Float64Array } | { readonly code?: VectorError['code']; readonly detail: string }

interface ThreadsParts {
  readonly numThreads: number
  readonly maxTileBytes: number
  /** Default: `vector-worker.ts`. */
  readonly workerUrl?: URL
}

interface Job {
  readonly task: VectorTask
  readonly answer: (answer: VectorAnswer) => void
}

/** Threads that end before they are told to are replaced so many times. */
const maxDeaths = 3

/** The threads of one engine. They start when there is something to do, and hold up no process that ends. */
export class VectorThreads {
  readonly #parts: ThreadsParts
  readonly #waiting: Job[] = []
  readonly #threads = new Map<Worker, Job | null>()
  #numDeaths = 0

  constructor(parts: ThreadsParts) {
    this.#parts = parts
  }

  /** In the order in which they are asked for. Undefined where no thread could do it. @throws VectorError 'not-finite' */
  run(task: VectorTask): Promise<Float32Array | Float64Array | undefined> {
    return new Promise((resolve, reject) => {
      const answer = (found: VectorAnswer): void => {
        if ('values' in found) resolve(found.values)
        else if (found.code === undefined) resolve(undefined)
        else reject(new VectorError(found.code, found.detail))
      }
      this.#waiting.push({ task, answer })
      this.#handOut()
    })
  }

  /** Ends those that have nothing to do: what they have read stays in their memory until they do. */
  rest(): void {
    for (const [worker, job] of this.#threads)
      if (job === null) {
        this.#threads.delete(worker)
        void worker.terminate()
      }
  }

  /** What is under way is answered as by threads that cannot do it, once they no longer read. */
  close(): void {
    const threads = [...this.#threads]
    this.#threads.clear()
    this.#numDeaths = Infinity
    for (const [worker, job] of threads)
      void worker.terminate().finally(() => job?.answer({ detail: 'the engine is closed' }))
    this.#handOut()
  }

  #handOut(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#idle() ?? this.#start()
      if (worker === undefined) break
      const job = this.#waiting.shift()!
      this.#threads.set(worker, job)
      worker.ref() // while somebody waits for it
      worker.postMessage(job.task)
    }
    if (this.#threads.size > 0) return
    for (const { answer } of this.#waiting.splice(0)) answer({ detail: 'there is no thread' })
  }

  #idle(): Worker | undefined {
    for (const [worker, job] of this.#threads) if (job === null) return worker
    return undefined
  }

  #start(): Worker | undefined {
    const { numThreads, maxTileBytes, workerUrl = new URL('./vector-worker.ts', import.meta.url) } = this.#parts
    if (this.#threads.size >= numThreads || this.#numDeaths > maxDeaths) return undefined
    const worker = spawnWorker(workerUrl, { workerData: maxTileBytes })
    worker.on('message', (answer: VectorAnswer) => {
      const job = this.#threads.get(worker)
      if (this.#threads.has(worker)) this.#threads.set(worker, null)
      worker.unref()
      job?.answer(answer)
      this.#handOut()
    })
    worker.on('error', () => this.#lose(worker))
    worker.on('exit', () => this.#lose(worker))
    worker.unref()
    this.#threads.set(worker, null)
    return worker
  }

  #lose(worker: Worker): void {
    const job = this.#threads.get(worker)
    if (!this.#threads.delete(worker)) return
    this.#numDeaths += 1
    job?.answer({ detail: 'its thread has ended' })
    this.#handOut()
  }
}
