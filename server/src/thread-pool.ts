import type { Worker } from 'node:worker_threads'
import { spawnWorker } from './thread.ts'

export interface ThreadPoolParts {
  /** The program of each thread: it answers every message with one message. */
  readonly url: URL
  readonly numThreads: number
  readonly workerData?: unknown
}

interface Job<Task, Answer> {
  readonly task: Task
  /** Undefined: no thread could do it. */
  readonly settle: (answer: Answer | undefined) => void
}

/** Threads that end before they are told to are replaced so many times. */
const maxDeaths = 3

/** Threads that do one task after the other. They start when there is something to do, and hold up no process that ends. */
export class ThreadPool<Task, Answer> {
  readonly #parts: ThreadPoolParts
  readonly #waiting: Job<Task, Answer>[] = []
  readonly #threads = new Map<Worker, Job<Task, Answer> | null>()
  #numDeaths = 0

  constructor(parts: ThreadPoolParts) {
    this.#parts = parts
  }

  /** In the order in which they are asked for. Undefined where no thread could do it: it ended, or there is none. */
  run(task: Task): Promise<Answer | undefined> {
    return new Promise((settle) => {
      this.#waiting.push({ task, settle })
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

  /** What is under way is settled as by threads that cannot do it, once they no longer read. */
  close(): void {
    const threads = [...this.#threads]
    this.#threads.clear()
    this.#numDeaths = Infinity
    for (const [worker, job] of threads) void worker.terminate().finally(() => job?.settle(undefined))
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
    for (const { settle } of this.#waiting.splice(0)) settle(undefined)
  }

  #idle(): Worker | undefined {
    for (const [worker, job] of this.#threads) if (job === null) return worker
    return undefined
  }

  #start(): Worker | undefined {
    const { url, numThreads, workerData } = this.#parts
    if (this.#threads.size >= numThreads || this.#numDeaths > maxDeaths) return undefined
    const worker = this.#spawned(url, workerData)
    if (worker === undefined) return undefined
    worker.on('message', (answer: Answer) => {
      const job = this.#threads.get(worker)
      if (this.#threads.has(worker)) this.#threads.set(worker, null)
      worker.unref()
      job?.settle(answer)
      this.#handOut()
    })
    worker.on('error', () => this.#lose(worker))
    worker.on('exit', () => this.#lose(worker))
    worker.unref()
    this.#threads.set(worker, null)
    return worker
  }

  /** Undefined where the system starts no more threads. */
  #spawned(url: URL, workerData: unknown): Worker | undefined {
    try {
      return spawnWorker(url, { workerData })
    } catch {
      this.#numDeaths += 1
      return undefined
    }
  }

  #lose(worker: Worker): void {
    const job = this.#threads.get(worker)
    if (!this.#threads.delete(worker)) return
    this.#numDeaths += 1
    job?.settle(undefined)
    this.#handOut()
  }
}
