import { makePersonalisation, type Clock, type DeviceId } from '@panal/client-core'
import type { CompleteExperiment } from './complete.ts'
import { ExecutorError, type Executor } from '../executor/executor.ts'
import type { WorkerExecutorOptions } from '../executor/worker-executor.ts'
import { labelDistribution } from '../partition/label-distribution.ts'
import { heldTo } from './expected.ts'
import { finishedRun } from './finished-run.ts'
import { openExecutor } from './open-executor.ts'
import { meter } from './meter.ts'
import { openExperiment, type OpenExperiment } from './open-experiment.ts'
import { roundRow, type RoundRow } from './round-row.ts'
import { RunFolder, type FinishedRun } from './run-folder.ts'
import { digestOfIdentity, identityOf } from './run-identity.ts'
import { KeptVectors } from './kept-vectors.ts'
import { Simulation, startAt, type SimulatedRound, type SimulationState } from './simulation.ts'
import { gitCommit, machine, versions } from './surroundings.ts'

export interface RunOptions {
  readonly experiment: CompleteExperiment
  readonly seed: number
  /** What reports call it. Default: the experiment's own name. */
  readonly name?: string
  /** Where relative paths of the experiment start. */
  readonly home: string
  /** Made where it is missing. */
  readonly folder: string
  readonly resume: boolean
  /** Default: one for each core. */
  readonly workers?: number
  readonly clock: Clock
  readonly spawn?: NonNullable<WorkerExecutorOptions['spawn']>
}

/** Told while a run goes on. */
export interface RunEvents {
  onNote(line: string): void
  /** Rounds that an earlier start has left. */
  onResumed(rows: readonly RoundRow[]): void
  /** A device of the round has trained; told again where a worker died and what it had done is done again. */
  onDevice(roundNumber: number, deviceId: DeviceId): void
  onRound(row: RoundRow): void
}

/**
 * Runs an experiment under one seed, round by round, each durable before the next; goes on where an earlier start was cut
 * off, kill -9 included, and comes to the same bytes. One that is finished is held to what is expected now, and nothing else.
 * @throws ExperimentError, ExecutorError, or the signal's reason: the folder can then be resumed
 */
export async function runExperiment(options: RunOptions, events: RunEvents, signal: AbortSignal): Promise<FinishedRun> {
  const { seed, home } = options
  const opened = await openExperiment(options.experiment, { seed, home, signal })
  const { resume, name = options.experiment.name } = options
  const finished = resume ? await finishedRun(options.folder, opened) : undefined
  if (finished !== undefined) {
    events.onResumed(finished.rounds)
    return finished
  }
  const folder = await RunFolder.open(options.folder, opened, { resume, name })
  try {
    return await onExecutor(opened, options, events, (executor) =>
      runRounds({ opened, folder, executor, clock: options.clock }, events, signal),
    )
  } finally {
    await folder.close()
  }
}

async function onExecutor<Result>(
  opened: OpenExperiment,
  { workers, spawn }: RunOptions,
  events: RunEvents,
  work: (executor: Executor) => Promise<Result>,
): Promise<Result> {
  const executor = openExecutor(opened, {
    onNote: (line) => events.onNote(line),
    ...(workers !== undefined && { numWorkers: workers }),
    ...(spawn !== undefined && { spawn }),
  })
  try {
    return await work(executor)
  } finally {
    await executor.close()
  }
}

interface Parts {
  readonly opened: OpenExperiment
  readonly folder: RunFolder
  readonly executor: Executor
  readonly clock: Clock
}

async function runRounds(
  { opened, folder, executor, clock }: Parts,
  events: RunEvents,
  signal: AbortSignal,
): Promise<FinishedRun> {
  const { experiment, task, seed, data } = opened
  const identity = digestOfIdentity(identityOf(opened))
  const { checkpoint } = folder
  const used = meter(clock, checkpoint)
  const state = checkpoint ?? beginning(opened)
  const { correction, personalisation } = experiment.plan
  const { version, lastRound } = state.head
  const corrections = correction && (await KeptVectors.open(folder.path, 'corrections', version))
  const goesOn = personalisation !== undefined && makePersonalisation(personalisation).continues
  const personal = goesOn && (await KeptVectors.open(folder.path, 'personal', lastRound + 1))
  const simulation = new Simulation(opened, state, {
    executor,
    realClock: clock,
    ...(corrections !== undefined && { corrections }),
    ...(personal !== false && { personal }),
  })
  events.onResumed(folder.rows)
  const isTested = (round: number): boolean => round % experiment.evaluateEvery === 0 || round === experiment.rounds
  /** The last round is tested even where it has made no version: what a run comes to is that of the model that it ends with. */
  const testedAtEnd = async (round: SimulatedRound): Promise<SimulatedRound> =>
    round.metrics !== null || round.closed.number < experiment.rounds
      ? round
      : { ...round, metrics: await executor.evaluate(simulation.state.head.params, signal) }

  let end = endOf(experiment, folder.rows.at(-1))
  while (end === null) {
    const number = folder.rows.length + 1
    const found = await unlessDiverged(
      simulation.nextRound(isTested, signal, ({ deviceId }) => events.onDevice(number, deviceId)),
    )
    if (found === null) {
      end = { why: 'diverged', round: number }
      break
    }
    const round = await testedAtEnd(found)
    for (const vectors of [corrections, personal]) if (vectors) await vectors.sync()
    const row = roundRow(round, used().wallMs, experiment.cohort)
    await folder.keep(row, { identity, ...simulation.state, ...used() })
    events.onRound(row)
    end = endOf(experiment, row)
  }
  const { expected } = experiment
  const record: FinishedRun = {
    name: folder.name,
    seed,
    config: { ...experiment },
    versions: versions(),
    gitCommit: await gitCommit(),
    data: data.digests,
    rounds: folder.rows,
    resources: { ...used(), numWorkers: executor.numWorkers, ...machine() },
    partition: labelDistribution(opened.partition, data.train, { classes: data.classes }),
    ended: end,
    ...(expected !== undefined && { expectation: heldTo(expected, { rounds: folder.rows, ended: end }) }),
  }
  await folder.finish(record, task, simulation.state.head)
  return record
}

/** Null where the updates grew beyond what can be summed: that is a result, and not the last of a sweep. */
const unlessDiverged = (round: Promise<SimulatedRound>): Promise<SimulatedRound | null> =>
  round.catch((error: unknown) => {
    if (error instanceof ExecutorError && error.code === 'out-of-range') return null
    throw error
  })

const beginning = ({ initial, task, experiment }: OpenExperiment): SimulationState => ({
  head: { version: 0, params: initial, optimizerState: task.strategy.optimizer.init(task.layout.size), lastRound: 0 },
  now: startAt,
  lastRounds: new Uint32Array(experiment.devices),
})

const isFinite = (value: number | undefined): value is number => Number.isFinite(value)

/** Null while there is something left to do. */
export function endOf(
  { rounds, target }: CompleteExperiment,
  last: Pick<RoundRow, 'round' | 'loss' | 'accuracy'> | undefined,
): FinishedRun['ended'] | null {
  if (last === undefined) return null
  const { accuracy, loss } = last
  const isReached =
    target !== undefined &&
    isFinite(accuracy) &&
    isFinite(loss) &&
    accuracy >= (target.accuracy ?? 0) &&
    loss <= (target.loss ?? Infinity)
  if (isReached) return { why: 'target', round: last.round }
  return last.round >= rounds ? { why: 'rounds', round: last.round } : null
}
