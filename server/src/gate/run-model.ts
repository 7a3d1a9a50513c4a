import {
  makeRng,
  modelTopology,
  systemClock,
  tfjsTrainer,
  type Dataset,
  type Params,
  type Trainer,
} from '@panal/client-core'
import type { TaskDocument } from '../registry/task-document.ts'
import type { RootUpdate } from './contract.ts'
import { chooseBackend, describeBackend } from './tfjs-backend.ts'

/** What of a task says what its model is. */
export type ModelSpec = Pick<TaskDocument, 'model' | 'data' | 'loss'>

/** How many tasks' trainers are kept; each is a topology and no tensors. */
const maxTrainers = 8

/** A real clock makes tfjs hand the thread back now and then, so that a cancel is heard. */
const clock = systemClock({ setTimeout, clearTimeout })
const trainers = new Map<string, Promise<Trainer>>()
const backend = chooseBackend()

/** The model's answers for each example, by this thread: [numExamples, numClasses]. @throws the signal's reason */
export async function runModel(
  spec: ModelSpec,
  params: Params,
  dataset: Dataset,
  signal?: AbortSignal,
): Promise<Float32Array> {
  await backend
  const trainer = await trainerOf(spec)
  return trainer.predict(params, dataset, signal)
}

const never = new AbortController().signal

/** What the task's plan makes of `base` on these examples. The same bytes for the same chance. @throws as `runModel` */
export async function trainModel(
  { document, base, seed }: { readonly document: TaskDocument; readonly base: Params; readonly seed: string },
  dataset: Dataset,
  signal: AbortSignal = never,
): Promise<RootUpdate> {
  await backend
  const trainer = await trainerOf(document)
  const { delta } = await trainer.train(base, document.plan, dataset, makeRng(seed), signal)
  return { delta, backend: await describeBackend() }
}

function trainerOf({ model, data, loss }: ModelSpec): Promise<Trainer> {
  const key = JSON.stringify([model, data, loss])
  const opened = trainers.get(key) ?? tfjsTrainer(modelTopology(model, data, loss), data, loss, { clock })
  trainers.delete(key)
  trainers.set(key, opened)
  opened.catch(() => trainers.delete(key))
  for (const oldest of [...trainers.keys()].slice(0, -maxTrainers)) trainers.delete(oldest)
  return opened
}
