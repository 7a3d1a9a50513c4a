import '@tensorflow/tfjs-backend-cpu'
import { enableProdMode } from '@tensorflow/tfjs-core'
import {
  canonicalJson,
  checkModel,
  codecs,
  layoutOf,
  modelTopology,
  openModel,
  PanalError,
  type TaskCard,
} from '@panal/client-core'
import { sha256Of } from '../store/blob-files.ts'
import { makeStrategy } from '../strategy/registry.ts'
import type { DocumentError } from './document-errors.ts'
import type { TaskDocument } from './task-document.ts'
import type { Task } from './task.ts'

// Else tfjs's cpu backend prints an advertisement into the output of whatever program runs on it.
enableProdMode()

/** Left out is what may change without a round coming to anything else: what is said to people, and the gate's sets. */
function planHash(document: TaskDocument): string {
  const { title: _title, description: _text, whatLeaves: _leaves, samples: _samples, sets, ...plan } = document
  return sha256Of(canonicalJson(sets.root === undefined ? plan : { ...plan, root: sets.root }))
}

/**
 * The task that a document describes, ready to run. Builds the model once, to read its layout.
 * @throws PanalError 'invalid-task' with every misfit of the model
 */
export async function makeTask(document: TaskDocument): Promise<Task> {
  const problems = await checkModel(document.model, document.data, document.loss)
  if (problems.length > 0) throw invalidTask(problems)
  const topology = modelTopology(document.model, document.data, document.loss)
  const model = await openModel(topology)
  try {
    return {
      id: document.id,
      document,
      planHash: planHash(document),
      topology,
      layout: layoutOf(model),
      codec: codecs[document.plan.codec],
      strategy: makeStrategy(document),
    }
  } finally {
    model.dispose()
  }
}

/** What a device is told of a task. */
export function taskCard({ document, planHash, topology, layout }: Task, paused: boolean): TaskCard {
  const { id, title, description, whatLeaves, loss, data, plan, cohort, eligibility, enrolment, lease, samples } =
    document
  return {
    id,
    title,
    description,
    ...(whatLeaves !== undefined && { whatLeaves }),
    loss,
    data,
    plan,
    cohort,
    eligibility,
    ...(enrolment !== undefined && { enrolment }),
    lease,
    samples,
    topology,
    numParams: layout.size,
    planHash,
    paused,
  }
}

export const invalidTask = (errors: readonly DocumentError[]): PanalError =>
  new PanalError('invalid-task', undefined, { extra: { errors } })
