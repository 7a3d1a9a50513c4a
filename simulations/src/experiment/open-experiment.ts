import { checkModel, initialParams, makeRng, type Params } from '@panal/client-core'
import {
  crossFieldErrors,
  makePolicy,
  makeTask,
  sha256Of,
  when,
  type DocumentError,
  type Task,
  type TaskDocument,
} from '@panal/server'
import type { AdversariesSpec } from '../adversary/adversaries.ts'
import { labelsOf, type Attack } from '../adversary/attack.ts'
import { attacks } from '../adversary/registry.ts'
import { DataFileError } from '../data/data-file-error.ts'
import type { DataSource, LoadedData } from '../data/data-source.ts'
import { dataSources } from '../data/registry.ts'
import { sharedDataset } from '../data/shared-dataset.ts'
import { PartitionError } from '../partition/partition-error.ts'
import type { Partition, Partitioner } from '../partition/partitioner.ts'
import { partitioners } from '../partition/registry.ts'
import { dealWithRoot, type WithRoot } from '../partition/root-set.ts'
import type { CompleteExperiment } from './complete.ts'
import { ExperimentError } from './experiment-error.ts'

/** An experiment under one seed, ready to run. */
export interface OpenExperiment {
  readonly experiment: CompleteExperiment
  readonly seed: number
  readonly task: Task
  readonly data: LoadedData
  readonly partition: Partition
  /** What the server trains on itself, as indices into the training set; empty where its rule needs none. */
  readonly root: Uint32Array
  readonly initial: Params
}

export interface OpenOptions {
  readonly seed: number
  /** Where relative paths of the experiment start: its own folder. */
  readonly home: string
  readonly signal?: AbortSignal
}

/**
 * Reads the data, deals them, builds the model.
 * @throws ExperimentError 'invalid-experiment' with every mistake that only shows beside the data
 */
export async function openExperiment(experiment: CompleteExperiment, options: OpenOptions): Promise<OpenExperiment> {
  const { seed } = options
  const data = await loadData(experiment, options)
  const { document, dealt } = await fitToData(experiment, seed, data)
  const task = await makeTask(document)
  return {
    experiment,
    seed,
    task,
    data: { ...data, train: sharedDataset(data.train), test: sharedDataset(data.test) },
    ...dealt,
    initial: await initialParams(task.topology, seed),
  }
}

/**
 * The task that an experiment makes of its data, and who has which of them.
 * @throws ExperimentError 'invalid-experiment' with every mistake that only shows beside the data
 */
export async function fitToData(
  experiment: CompleteExperiment,
  seed: number,
  data: LoadedData,
): Promise<{ readonly document: TaskDocument; readonly dealt: WithRoot }> {
  const document = taskDocument(experiment, seed, data)
  const errors = [
    ...crossFieldErrors(document).filter(({ path }) => ownPaths.test(path)),
    ...(await checkModel(experiment.model, data.schema, experiment.loss)),
    ...attackMisfits(experiment.adversaries, data),
  ]
  const dealt = deal(experiment, seed, data, errors)
  if (errors.length > 0 || dealt === null) throw new ExperimentError('invalid-experiment', undefined, { errors })
  return { document, dealt }
}

/** @throws ExperimentError 'invalid-experiment' where they cannot be read */
export async function loadData({ data }: CompleteExperiment, options: OpenOptions): Promise<LoadedData> {
  const { seed, home, signal } = options
  const context = { folder: home, rng: makeRng(seed).fork('data'), ...(signal !== undefined && { signal }) }
  try {
    return await makePolicy<DataSource>(dataSources, data).load(context)
  } catch (error) {
    if (!(error instanceof DataFileError)) throw error
    const errors = [{ path: '/data', message: error.message }]
    throw new ExperimentError('invalid-experiment', undefined, { cause: error, errors })
  }
}

function deal(
  { partition: spec, devices: numDevices, root }: CompleteExperiment,
  seed: number,
  { train }: LoadedData,
  errors: DocumentError[],
): WithRoot | null {
  const numRoot = root?.examples ?? 0
  const numExamples = train.y.length
  if (numRoot >= numExamples) {
    const message = `must be less than ${numExamples}, the training examples that there are: devices get the others`
    errors.push({ path: '/root/examples', message })
    return null
  }
  const partitioner = makePolicy<Partitioner>(partitioners, spec)
  const rngs = { root: makeRng(seed).fork('root'), partition: makeRng(seed).fork('partition') }
  try {
    return dealWithRoot(train, { numRoot, numDevices, partitioner }, rngs)
  } catch (error) {
    if (!(error instanceof PartitionError)) throw error
    errors.push(
      { path: '/partition', message: error.message },
      ...when(
        numRoot > 0 && error.code === 'too-few-examples',
        '/root/examples',
        `takes ${numRoot} of ${numExamples} training examples: ${numExamples - numRoot} are left for the devices`,
      ),
    )
    return null
  }
}

function attackMisfits(adversaries: AdversariesSpec | undefined, { classes }: LoadedData): DocumentError[] {
  if (adversaries === undefined) return []
  const labels = labelsOf(makePolicy<Attack>(attacks, adversaries.attack), classes.length) ?? []
  const wrong = labels.find((label) => label >= classes.length)
  return when(
    wrong !== undefined,
    '/adversaries/attack',
    `makes class ${wrong} of labels, which are 0 to ${classes.length - 1}`,
  )
}

/** What of a task document an experiment has, too. */
const ownPaths = /^\/(plan|strategy|cohort|loss|model)\b/

/** The task that a server would run; what only concerns real devices and people is filled in. */
function taskDocument(
  { name, title, model, loss, plan, strategy, cohort, intervalMs }: CompleteExperiment,
  seed: number,
  { schema, digests }: LoadedData,
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
