import { checkModel, initialParams, makeRng, PanalError, type Params } from '@panal/client-core'
import {
  crossFieldErrors,
  makePolicy,
  makeTask,
  sha256Of,
  type DocumentError,
  type Task,
  type TaskDocument,
} from '@panal/server'
import { PartitionError } from '../partition/partition-error.ts'
import type { Partition } from '../partition/partitioner.ts'
import { partitioners } from '../partition/registry.ts'
import type { CompleteExperiment } from './complete.ts'
import { dataSources, shared, type ExperimentData } from './data-sources.ts'
import { ExperimentError } from './experiment-error.ts'

/** An experiment under one seed, ready to run. */
export interface OpenExperiment {
  readonly experiment: CompleteExperiment
  readonly seed: number
  readonly task: Task
  readonly data: ExperimentData
  readonly partition: Partition
  readonly initial: Params
}

/**
 * Reads the data, deals them, builds the model.
 * @throws ExperimentError 'invalid-experiment' with every mistake that only shows beside the data
 */
export async function openExperiment(experiment: CompleteExperiment, seed: number): Promise<OpenExperiment> {
  const { data: source, model, loss, devices } = experiment
  const read = await makePolicy(dataSources, source)()
  const document = taskDocument(experiment, seed, read)
  const errors = [
    ...crossFieldErrors(document).filter(({ path }) => ownPaths.test(path)),
    ...(await checkModel(model, read.schema, loss)),
  ]
  const partition = dealt(experiment, seed, read, errors)
  if (errors.length > 0 || partition === null) throw new ExperimentError('invalid-experiment', undefined, { errors })
  const task = await makeTask(document)
  return {
    experiment,
    seed,
    task,
    data: { ...read, train: shared(read.train), test: shared(read.test) },
    partition,
    initial: await initialParams(task.topology, seed),
  }

  function dealt(
    { partition: spec }: CompleteExperiment,
    seed: number,
    { train }: ExperimentData,
    errors: DocumentError[],
  ): Partition | null {
    try {
      return makePolicy(partitioners, spec).partition(train, devices, makeRng(seed).fork('partition'))
    } catch (error) {
      if (!(error instanceof PartitionError || error instanceof PanalError)) throw error
      errors.push({ path: '/partition', message: error.message })
      return null
    }
  }
}

/** What of a task document an experiment has, too. */
const ownPaths = /^\/(plan|strategy|cohort|loss|model)\b/

/** The task that a server would run; what only concerns real devices and people is filled in. */
function taskDocument(
  { name, title, model, loss, plan, strategy, cohort, intervalMs }: CompleteExperiment,
  seed: number,
  { schema, digests }: ExperimentData,
): TaskDocument {
  return {
    id: name,
    title: title ?? name,
    description: 'An experiment on simulated devices.',
    seed,
    model,
    loss,
    metrics: ['accuracy'],
    data: schema,
    plan,
    strategy,
    cohort,
    lease: { heartbeatMs: 5000, leaseMs: 20_000 },
    eligibility: {},
    rounds: { minIntervalMs: intervalMs },
    segments: [],
    sets: {
      evaluation: digests.at(-1)!.sha256,
      calibration: sha256Of('none: calibration'),
      gate: sha256Of('none: gate'),
    },
    samples: [],
    gate: { checks: [] },
  }
}
