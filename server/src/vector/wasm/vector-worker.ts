import { parentPort, workerData } from 'node:worker_threads'
import { VectorError } from '../engine.ts'
import { scaledRows } from '../made-rows.ts'
import { rowsAt } from '../places.ts'
import { makeOperations } from './operations.ts'
import type { VectorAnswer, VectorTask } from './vector-threads.ts'

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
