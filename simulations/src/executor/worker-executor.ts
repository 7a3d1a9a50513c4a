import { availableParallelism } from 'node:os'
import type { Worker, WorkerOptions } from 'node:worker_threads'
import type { Dataset, DeviceId, LocalMetrics, Params } from '@panal/client-core'
import {
  AggregationError,
  emptySum,
  mergeSum,
  sumLength,
  type LinearRule,
  type UpdateSum,
  type WeightedUpdate,
} from '@panal/server'
import type { EngineName } from '../engine/open-trainer.ts'
import { ExecutorError, type CohortResult, type CohortWork, type DeviceOutcome, type Executor } from './executor.ts'
import type { Job, JobResult, LocalTask, TrainWorkerData } from './messages.ts'
import { spawnTrainWorker } from './spawn-train-worker.ts'
import { WorkerPool } from './worker-pool.ts'

export interface WorkerExecutorOptions {
  readonly task: LocalTask
  /** Number of params. */
  readonly size: number
  readonly engine: EngineName
  /** In shared memory, or every worker gets a copy. */
  readonly train: Dataset
  readonly test: Dataset
  /** Of the task's aggregator if it only adds: one sum a worker then travels, and memory is O(workers · params). */
  readonly rule?: LinearRule
  /** Default: one for each core. */
  readonly numWorkers?: number
  /** Told in a line what there is to know: why a model is not trained natively, say. Each line once. */
  readonly onNote?: (line: string) => void
  /** Starts a thread that trains. */
  readonly spawn?: (options: WorkerOptions) => Worker
}

/** Test examples of one job: the same parts whatever the number of workers, so that means come out the same. */
const evaluationPart = 1000

/**
 * Worker threads that each train many devices and fold their updates into a partial sum, which never rounds: the result is
 * the same, bit for bit, with one worker or many, and if some of them die.
 */
export function workerExecutor(options: WorkerExecutorOptions): Executor {
  const { task, size, engine, train, test, rule, onNote, spawn = spawnTrainWorker } = options
  const numWorkers = Math.max(1, options.numWorkers ?? availableParallelism())
  const base = new Float32Array(new SharedArrayBuffer(size * Float32Array.BYTES_PER_ELEMENT))
  const servers = task.plan.correction
    ? new Float32Array(new SharedArrayBuffer(size * Float32Array.BYTES_PER_ELEMENT))
    : null
  const length = rule && sumLength(rule, size)
  const partial = Array.from({ length: numWorkers }, () =>
    length === undefined ? null : emptySum(length, { shared: true }),
  )
  const told = new Set<string>()
  const pool = new WorkerPool({
    numWorkers,
    hasVectors: rule === undefined,
    spawn(place) {
      const sum = partial[place] ?? null
      const workerData: TrainWorkerData = { task, engine, train, test, base, servers, sum }
      return spawn({ workerData })
    },
    onNote(line) {
      if (!told.has(line)) onNote?.(line)
      told.add(line)
    },
  })

  return {
    numWorkers,
    close: () => pool.close(),
    async run(work, signal, onDone) {
      base.set(work.base)
      if (work.servers === undefined) servers?.fill(0)
      else servers?.set(work.servers)
      const jobs = work.devices.map((device): Job => ({ type: 'train', device }))
      const found = new Map<number, Extract<JobResult, { type: 'trained' }>>()
      const summed = new Map<number, { readonly count: number; readonly reach: number }>()
      const events = {
        onResult(index: number, result: JobResult, place: number) {
          if (result.type !== 'trained') return
          found.set(index, result)
          summed.set(place, result.summed)
          onDone?.(result.outcome)
        },
        onLost: (place: number) => void summed.delete(place),
      }
      await pool.run(jobs, events, signal)
      return cohortResult(work, found, length === undefined ? null : merged(length, partial as UpdateSum[], summed))
    },
    async trainRoot({ rows, seed, ...work }, signal) {
      base.set(work.base)
      let delta: Params | undefined
      const events = {
        onResult(_index: number, result: JobResult) {
          if (result.type === 'root-trained') delta = result.delta
        },
        onLost: () => undefined,
      }
      await pool.run([{ type: 'root', rows, seed }], events, signal)
      return delta!
    },
    async evaluate(params, signal) {
      base.set(params)
      const jobs = Array.from({ length: Math.ceil(test.numExamples / evaluationPart) }, (_, i): Job => ({
        type: 'evaluate',
        from: i * evaluationPart,
        to: Math.min(test.numExamples, (i + 1) * evaluationPart),
      }))
      const parts: LocalMetrics[] = []
      const events = {
        onResult(index: number, result: JobResult) {
          if (result.type === 'evaluated') parts[index] = result.metrics
        },
        onLost: () => undefined,
      }
      await pool.run(jobs, events, signal)
      return meanMetrics(parts)
    },
  }
}

/** The partial sums of the workers that took part in this run; another's still is that of an earlier one. */
function merged(
  length: number,
  partial: readonly UpdateSum[],
  summed: ReadonlyMap<number, { readonly count: number; readonly reach: number }>,
): UpdateSum {
  const whole = emptySum(length)
  try {
    for (const [place, { count, reach }] of summed) mergeSum(whole, { ...partial[place]!, count, reach })
    return whole
  } catch (error) {
    if (!(error instanceof AggregationError && error.code === 'out-of-range')) throw error
    throw new ExecutorError(error.code, error.message, { cause: error })
  }
}

function cohortResult(
  { devices }: CohortWork,
  found: ReadonlyMap<number, Extract<JobResult, { type: 'trained' }>>,
  sum: UpdateSum | null,
): CohortResult {
  const outcomes = devices.map((_, index): DeviceOutcome => found.get(index)!.outcome)
  const whoHas = (which: 'isKept' | 'hasPersonal'): ReadonlySet<DeviceId> =>
    new Set(devices.flatMap(({ deviceId }, index) => (found.get(index)![which] ? [deviceId] : [])))
  const withheld = new Map(
    devices.flatMap(({ deviceId }, index) => {
      const vector = found.get(index)!.withheld
      return vector === undefined ? [] : [[deviceId, vector] as const]
    }),
  )
  const beside = { outcomes, kept: whoHas('isKept'), withheld, personal: whoHas('hasPersonal') }
  if (sum !== null) return { ...beside, updates: sum }
  const updates = devices.flatMap(({ deviceId }, index): WeightedUpdate[] => {
    const { delta, outcome } = found.get(index)!
    if (delta === undefined) return []
    const { weight, effectiveSteps, norm, lossBefore, discount } = outcome
    const facts = { weight, effectiveSteps, norm, lossBefore, ...(discount !== undefined && { discount }) }
    return [{ deviceId, delta, ...facts }]
  })
  return { ...beside, updates }
}

/** By examples, in the order of the parts. */
function meanMetrics(parts: readonly LocalMetrics[]): LocalMetrics {
  const numExamples = parts.reduce((sum, part) => sum + part.numExamples, 0)
  const mean = (of: (part: LocalMetrics) => number): number =>
    parts.reduce((sum, part) => sum + of(part) * part.numExamples, 0) / numExamples
  return { numExamples, accuracy: mean(({ accuracy }) => accuracy), logLoss: mean(({ logLoss }) => logLoss) }
}
