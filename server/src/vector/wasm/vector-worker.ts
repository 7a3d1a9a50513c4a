import { parentPort, workerData } from 'node:worker_threads'
import { type Place, VectorError } from '../engine.ts'
import { scaledRows } from '../made-rows.ts'
import { rowsAt } from '../places.ts'
import { makeOperations, type Operation } from './operations.ts'

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

const port = parentPort
if (port === null) throw new Error('vector-worker.ts runs as a worker thread only')

const run = makeOperations(workerData as number)

port.on('message', (task: VectorTask) => void answer(task))

async function answer({ operation, places, scales, size, from, to }: VectorTask): Promise<void> {
  const reply = (found: VectorAnswer, values?: Float32Array | Float64Array): void =>
    port?.postMessage(found, values === undefined ? [] : [values.buffer as ArrayBuffer])
  try {
    const rows = rowsAt(places, size)
    const values = await run(operation, scales === undefined ? rows : scaledRows(rows, scales), from, to)
    reply({ values }, values)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    reply({ ...(error instanceof VectorError && { code: error.code }), detail })
  }
}
