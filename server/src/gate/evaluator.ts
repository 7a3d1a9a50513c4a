import type { Worker } from 'node:worker_threads'
import type { EvaluationRequest, Evaluator, Predictions } from './contract.ts'
import type { FromWorker, ToWorker } from './evaluator-protocol.ts'
import { spawnWorker } from './thread.ts'

export interface EvaluatorParts {
  /** Verified bytes of a stored blob. @throws PanalError 'not-found' */
  readonly readBlob: (sha256: string) => Promise<Uint8Array>
  /** Datasets the worker keeps in memory; the one unused for longest goes first. Default 6: two tasks' sets. */
  readonly maxDatasets?: number
  /** Another program than `evaluator-worker.ts` that speaks the same protocol: for tests. */
  readonly workerUrl?: URL
}

/** One life of the worker: what it holds, and who waits for it. All of it goes when it dies. */
interface Life {
  readonly worker: Worker
  /** Digest → the sending of its bytes, least recently used first. */
  readonly datasets: Map<string, Promise<void>>
  readonly waiting: Map<number, { resolve(predictions: Predictions): void; reject(error: Error): void }>
}

/**
 * Runs models over stored datasets in one worker thread, so that the main thread never waits for a matrix product.
 * The thread starts with the first request and is started again after it died; requests are handled in order.
 */
export function makeEvaluator(parts: EvaluatorParts): Evaluator {
  const workerUrl = parts.workerUrl ?? new URL('./evaluator-worker.ts', import.meta.url)
  const maxDatasets = parts.maxDatasets ?? 6
  let life: Life | undefined
  let closed = false
  let lastId = 0

  const predict = async (request: EvaluationRequest, signal: AbortSignal): Promise<Predictions> => {
    signal.throwIfAborted()
    if (closed) throw new Error('the evaluator is closed')
    const current = (life ??= start())
    // Again if the dataset had to make room for another one before this request could be posted.
    let provided: Promise<void> | undefined
    while (provided === undefined || current.datasets.get(request.datasetSha256) !== provided) {
      provided = provide(current, request.datasetSha256)
      await untilAborted(provided, signal)
      if (life !== current) throw new Error('the evaluation worker stopped while it was given the dataset')
    }
    return ask(current, request, signal)
  }

  /** Hands a dataset to the worker unless it has it; makes room first. */
  const provide = (current: Life, sha256: string): Promise<void> => {
    const held = current.datasets.get(sha256)
    const sending = held ?? send(current, sha256)
    current.datasets.delete(sha256)
    current.datasets.set(sha256, sending)
    return sending
  }

  const send = async (current: Life, sha256: string): Promise<void> => {
    try {
      const blob = await parts.readBlob(sha256)
      // A copy of its own, moved to the worker: the blob may be a view into a pool.
      const bytes = new Uint8Array(blob)
      for (const oldest of [...current.datasets.keys()].slice(0, -maxDatasets)) {
        current.datasets.delete(oldest)
        post(current, { type: 'forget', sha256: oldest })
      }
      post(current, { type: 'keep', sha256, bytes }, [bytes.buffer])
    } catch (error) {
      current.datasets.delete(sha256)
      throw error
    }
  }

  const ask = (current: Life, request: EvaluationRequest, signal: AbortSignal): Promise<Predictions> =>
    new Promise((resolve, reject) => {
      const id = ++lastId
      const settled = (): void => {
        current.waiting.delete(id)
        signal.removeEventListener('abort', cancel)
        if (current.waiting.size === 0) current.worker.unref()
      }
      const cancel = (): void => {
        settled()
        post(current, { type: 'cancel', id })
        reject(signal.reason as Error)
      }
      current.waiting.set(id, {
        resolve: (predictions) => (settled(), resolve(predictions)),
        reject: (error) => (settled(), reject(error)),
      })
      signal.addEventListener('abort', cancel, { once: true })
      current.worker.ref()
      const params = new Float32Array(request.params)
      const message = { id, document: request.document, params, sha256: request.datasetSha256 }
      post(current, { type: 'predict', ...message }, [params.buffer])
    })

  const start = (): Life => {
    const worker = spawnWorker(workerUrl)
    const born: Life = { worker, datasets: new Map(), waiting: new Map() }
    const die = (error: Error): void => {
      if (life === born) life = undefined
      for (const { reject } of [...born.waiting.values()]) reject(error)
    }
    worker.on('message', (message: FromWorker) => {
      const waiting = born.waiting.get(message.id)
      if (message.type === 'failed') return waiting?.reject(new Error(message.detail))
      const { probabilities, labels, numClasses } = message
      waiting?.resolve({ probabilities, labels, numClasses })
    })
    worker.on('error', (cause) => die(new Error(`the evaluation worker failed: ${cause.message}`, { cause })))
    worker.on('exit', (code) => die(new Error(`the evaluation worker stopped with code ${code}`)))
    // An idle evaluator does not keep the process alive; one that somebody waits for does.
    worker.unref()
    return born
  }

  const close = async (): Promise<void> => {
    closed = true
    await life?.worker.terminate()
  }

  return { predict, close }
}

const post = (life: Life, message: ToWorker, transfer: ArrayBuffer[] = []): void =>
  life.worker.postMessage(message, transfer)

/** `work`, or the signal's reason if it aborts first; the work itself goes on, for whoever else needs it. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
