import { availableParallelism } from 'node:os'
import type { Dataset, SessionEvent } from '@panal/client-core'
import { spawnWorker } from '@panal/server'
import type { EngineName } from '../engine/open-trainer.ts'
import { allReady } from './all-ready.ts'
import type { FleetCommand, FleetReport, FleetWorkerData } from './fleet-messages.ts'

export interface FleetOptions {
  /** Scheme, host and port. */
  readonly server: string
  readonly taskId: string
  /** One device for each; in shared memory (`shareShards`), or every thread gets a copy. */
  readonly shards: readonly Dataset[]
  /** Threads. Default: one for each core, at most one for each device. */
  readonly workers?: number
  /** Two fleets with the same seed are the same devices: their keys are drawn from it. */
  readonly seed?: number
  /** Tells fleets of the same seed apart. */
  readonly name?: string
  /** How devices train. Default: `native`, which is many times faster. */
  readonly engine?: EngineName
  /** Told in a line what there is to know of the fleet: why a model is not trained natively, say. */
  readonly onNote?: (line: string) => void
  readonly onEvent?: (device: number, event: SessionEvent) => void
  /** A worker thread failed: its devices are gone. */
  readonly onError?: (error: Error) => void
}

/** Simulated devices at work. */
export interface Fleet {
  readonly numDevices: number
  /**
   * From now on a device rests for so long after each update that counted, as a phone would: it stays joined and is
   * not asked. Rounds then come as often as the devices allow.
   */
  restAfterWork(ms: number): void
  /** Every device leaves, every thread ends. */
  close(): Promise<void>
}

/**
 * Starts one device for each shard: each is the session that a browser runs, over real Socket.IO and HTTP. The devices
 * are dealt to worker threads; those of one thread train one after another.
 * Resolves when all threads are up; the devices join from then on.
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { server, taskId, shards, seed = 1, name = 'fleet', engine = 'native', onNote, onEvent, onError } = options
  const numWorkers = Math.max(1, Math.min(options.workers ?? availableParallelism(), shards.length))
  const devices = shards.map((data, index) => ({ index, data }))
  const workers = Array.from({ length: numWorkers }, (_, number) => {
    const workerData: FleetWorkerData = {
      server,
      taskId,
      seed: `${name}/${seed}`,
      engine,
      devices: devices.filter(({ index }) => index % numWorkers === number),
    }
    return spawnWorker(new URL('./fleet-worker.ts', import.meta.url), { workerData })
  })
  const told = new Set<string>()
  const ended = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)))
  const tell = (command: FleetCommand) => workers.forEach((worker) => worker.postMessage(command))
  for (const worker of workers)
    worker.on('message', (report: FleetReport) => {
      if (report.type === 'event') onEvent?.(report.device, report.event)
      if (report.type === 'note' && !told.has(report.line)) {
        told.add(report.line)
        onNote?.(report.line)
      }
    })
  try {
    await allReady(workers, (error) => onError?.(error))
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.terminate()))
    throw error
  }
  return {
    numDevices: shards.length,
    restAfterWork: (ms) => tell({ type: 'rest', ms }),
    async close() {
      tell({ type: 'close' })
      await Promise.all(ended)
    },
  }
}
