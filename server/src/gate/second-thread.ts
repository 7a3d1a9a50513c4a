import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { evaluationBatchRows, type Dataset, type Params } from '@panal/client-core'
import { runModel, type ModelSpec } from './run-model.ts'
import { settling, type Ends } from './settling.ts'
import { spawnWorker } from '../thread.ts'

/** What the second thread is told. */
export type ToSecond =
  | {
      readonly type: 'run'
      readonly id: number
      readonly spec: ModelSpec
      readonly params: Params
      readonly rows: Dataset
    }
  | { readonly type: 'cancel'; readonly id: number }
/** One for each run; a cancelled one has failed. */
export type FromSecond =
  { readonly id: number; readonly answers: Float32Array } | { readonly id: number; readonly detail: string }

export interface TwoThreadsParts {
  /** Default: the cores that this process may use. On one core all is done by the calling thread. */
  readonly numCores?: number
  /** Fewer batches than this are not worth a second thread. Default 4. */
  readonly minBatches?: number
  /** Another program than `second-worker.ts` that speaks the same protocol: for tests. */
  readonly workerUrl?: URL
}

/**
 * Runs models over examples on two threads, each of which takes half of the batches: the same bytes as from one. The
 * second thread starts with the first set that is large enough. Where it fails, this thread does its half, too. One run at
 * a time: the rows of all of them lie in the same memory.
 */
export function makeTwoThreads(parts: TwoThreadsParts = {}): typeof runModel {
  const { numCores = availableParallelism(), minBatches = 4 } = parts
  const workerUrl = parts.workerUrl ?? new URL('./second-worker.ts', import.meta.url)
  let second: { readonly worker: Worker; readonly waiting: Map<number, Ends<Float32Array>> } | undefined
  let lastId = 0
  let shared = new SharedArrayBuffer(0)

  /** In memory that the second thread sees, the same for all runs: a copy for each would lie about until it is collected. */
  const share = (rows: Dataset): Dataset => {
    if (shared.byteLength < rows.x.byteLength) shared = new SharedArrayBuffer(rows.x.byteLength)
    const x = new Float32Array(shared, 0, rows.x.length)
    x.set(rows.x)
    return { ...rows, x, y: rows.y.slice() }
  }

  const start = () => {
    const waiting = new Map<number, Ends<Float32Array>>()
    const worker = spawnWorker(workerUrl)
    const born = { worker, waiting }
    const die = (error: Error): void => {
      if (second === born) second = undefined
      for (const each of waiting.values()) each.reject(error)
    }
    worker.on('message', (message: FromSecond) => {
      const asked = waiting.get(message.id)
      if ('answers' in message) asked?.resolve(message.answers)
      else asked?.reject(new Error(message.detail))
    })
    worker.on('error', die)
    worker.on('exit', (code) => die(new Error(`the second thread stopped with code ${code}`)))
    worker.unref()
    return born
  }

  const runOnSecond: typeof runModel = ({ model, data, loss }, params, rows, signal) =>
    new Promise((resolve, reject) => {
      const { worker, waiting } = (second ??= start())
      const id = ++lastId
      const post = (message: ToSecond): void => worker.postMessage(message)
      const cancel = (): void => post({ type: 'cancel', id })
      const settled = (): void => {
        waiting.delete(id)
        signal?.removeEventListener('abort', cancel)
      }
      waiting.set(id, settling(settled, { resolve, reject }))
      signal?.addEventListener('abort', cancel, { once: true })
      const spec = { model, data, loss }
      post({ type: 'run', id, spec, params, rows })
    })

  return async (spec, params, dataset, signal) => {
    const batchRows = evaluationBatchRows(dataset.inputShape)
    const numBatches = Math.ceil(dataset.numExamples / batchRows)
    if (numCores < 2 || numBatches < minBatches) return runModel(spec, params, dataset, signal)
    const middle = Math.ceil(numBatches / 2) * batchRows
    const itsRows = share(rowsOf(dataset, middle, dataset.numExamples))
    const itsHalf = runOnSecond(spec, params, itsRows, signal).catch(() => undefined)
    const first = await runModel(spec, params, rowsOf(dataset, 0, middle), signal)
    // Abandoned, it has failed, too: this throws the signal's reason before it does any work.
    const rest = (await itsHalf) ?? (await runModel(spec, params, rowsOf(dataset, middle, dataset.numExamples), signal))
    const answers = new Float32Array(first.length + rest.length)
    answers.set(first)
    answers.set(rest, first.length)
    return answers
  }
}

function rowsOf({ x, y, inputShape, numExamples }: Dataset, from: number, to: number): Dataset {
  const width = x.length / numExamples
  return { numExamples: to - from, inputShape, x: x.subarray(from * width, to * width), y: y.subarray(from, to) }
}
