import type { Worker } from 'node:worker_threads'
import { PanalError } from '@panal/client-core'
import type { Evaluator, Examiner, ExampleReader, RootTrainer } from './contract.ts'
import type { Answer, Answers, FromWorker, Request, ToWorker } from './evaluator-protocol.ts'
import { profileDigest } from './segment-profile.ts'
import { settling, type Ends } from './settling.ts'
import { spawnWorker } from '../thread.ts'

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
  /** Digests of the datasets it holds, least recently used first. */
  readonly held: Set<string>
  readonly waiting: Map<number, Ends<Answer>>
}

const never = new AbortController().signal

/**
 * Reads stored datasets and runs models over them in one worker thread, so that the main thread waits for neither.
 * The thread starts with the first request and is started again after it died; requests are handled in order.
 */
export function makeEvaluator(parts: EvaluatorParts): Evaluator & Examiner & ExampleReader & RootTrainer {
  const workerUrl = parts.workerUrl ?? new URL('./evaluator-worker.ts', import.meta.url)
  const maxDatasets = parts.maxDatasets ?? 6
  const reading = new Map<string, Promise<Uint8Array>>()
  let life: Life | undefined
  let closed = false
  let lastId = 0

  const refuseIfClosed = (): void => {
    if (closed) throw new Error('the evaluator is closed')
  }

  const ask = async <Type extends Request['type']>(
    request: Request & { readonly type: Type },
    signal: AbortSignal,
    transfer: ArrayBuffer[] = [],
  ): Promise<Answers[Type]> => {
    signal.throwIfAborted()
    refuseIfClosed()
    const needed = datasetsOf(request)
    const blobs = new Map<string, Uint8Array>()
    for (;;) {
      const missing = needed.find((sha256) => life?.held.has(sha256) !== true && !blobs.has(sha256))
      if (missing === undefined) break
      blobs.set(missing, await untilAborted(read(missing), signal))
      refuseIfClosed()
    }
    // From here to the posting of the request nothing else runs, so no dataset can be dropped in between.
    const current = (life ??= start())
    for (const sha256 of needed) {
      const blob = blobs.get(sha256)
      if (blob !== undefined) hold(current, sha256, blob)
      touch(current, sha256)
    }
    makeRoom(current, needed.length)
    // The worker answers each request with what belongs to its type.
    return (await send(current, { request, transfer, signal })) as Answers[Type]
  }

  /** A blob is read once, however many wait for it. */
  const read = (sha256: string): Promise<Uint8Array> => {
    const started = reading.get(sha256) ?? parts.readBlob(sha256).finally(() => reading.delete(sha256))
    reading.set(sha256, started)
    return started
  }

  /** Hands a dataset to the worker unless it has it by now. */
  const hold = (current: Life, sha256: string, blob: Uint8Array): void => {
    if (current.held.has(sha256)) return
    // A copy of its own, moved to the worker: the blob may be a view into a pool.
    const bytes = new Uint8Array(blob)
    post(current, { type: 'keep', sha256, bytes }, [bytes.buffer])
    current.held.add(sha256)
  }

  /** Drops what was unused for longest, but nothing of the `numNeeded` used last. */
  const makeRoom = (current: Life, numNeeded: number): void => {
    for (const oldest of [...current.held].slice(0, -Math.max(maxDatasets, numNeeded))) {
      current.held.delete(oldest)
      post(current, { type: 'forget', sha256: oldest })
    }
  }

  const send = (
    current: Life,
    { request, transfer, signal }: { request: Request; transfer: ArrayBuffer[]; signal: AbortSignal },
  ): Promise<Answer> =>
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
      current.waiting.set(id, settling(settled, { resolve, reject }))
      signal.addEventListener('abort', cancel, { once: true })
      current.worker.ref()
      post(current, { ...request, id }, transfer)
    })

  const start = (): Life => {
    const worker = spawnWorker(workerUrl)
    const born: Life = { worker, held: new Set(), waiting: new Map() }
    const die = (error: Error): void => {
      if (life === born) life = undefined
      for (const waiting of [...born.waiting.values()]) waiting.reject(error)
    }
    worker.on('message', (message: FromWorker) => {
      const waiting = born.waiting.get(message.id)
      if (message.type === 'answered') return waiting?.resolve(message.answer)
      const { code, detail } = message
      waiting?.reject(code === undefined ? new Error(detail) : new PanalError(code, detail))
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

  return {
    predict({ document, params: given, datasetSha256: sha256 }, signal) {
      const params = new Float32Array(given)
      return ask({ type: 'predict', document, params, sha256 }, signal, [params.buffer])
    },
    predictVaried({ document, params: given, datasetSha256: sha256, variation }, signal) {
      const params = new Float32Array(given)
      return ask({ type: 'predict-varied', document, params, sha256, variation }, signal, [params.buffer])
    },
    train({ document, base: given, datasetSha256: sha256, seed }, signal) {
      const base = new Float32Array(given)
      return ask({ type: 'train', document, base, sha256, seed }, signal, [base.buffer])
    },
    async describe({ document: { data, segments, sets, clientColumn }, datasetSha256: sha256 }, signal) {
      const profile = await ask({ type: 'profile', sha256: sets.evaluation, data, segments }, signal)
      return ask(
        { type: 'describe', sha256, data, profile, ...(clientColumn !== undefined && { clientColumn }) },
        signal,
      )
    },
    baseline({ document: { data, sets }, baseline }, signal) {
      const from = baseline.kind === 'recorded' ? baseline.sha256 : sets.evaluation
      return ask({ type: 'baseline', sha256: sets.gate, from, data, baseline }, signal)
    },
    show: ({ document: { data, clientColumn }, datasetSha256: sha256, places }, signal) =>
      ask({ type: 'show', sha256, data, places, ...(clientColumn !== undefined && { clientColumn }) }, signal),
    examine: (sha256, data, signal = never) => ask({ type: 'examine', data, sha256 }, signal),
    profile: async (sha256, data, segments) =>
      profileDigest(await ask({ type: 'profile', sha256, data, segments }, never)),
    close,
  }
}

/** What the worker must hold to answer. */
const datasetsOf = (request: Request): string[] =>
  request.type === 'baseline' ? [...new Set([request.sha256, request.from])] : [request.sha256]

const post = (life: Life, message: ToWorker, transfer: ArrayBuffer[] = []): void =>
  life.worker.postMessage(message, transfer)

/** Moves a digest to the end of its set: the most recently used. */
function touch({ held }: Life, sha256: string): void {
  held.delete(sha256)
  held.add(sha256)
}

/** `work`, or the signal's reason if it aborts first; the work itself goes on, for whoever else needs it. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
