import { readFile } from 'node:fs/promises'
import { parseDocument } from 'yaml'
import { documentErrors, makeAggregator, when, type DocumentError } from '@panal/server'
import { numAdversaries } from '../adversary/adversaries.ts'
import { completeExperiment, type CompleteExperiment } from './complete.ts'
import { ExperimentError } from './experiment-error.ts'
import { Experiment } from './schema.ts'

/** What a file says, not looked at yet. @throws ExperimentError 'unreadable-experiment' */
export async function readDocument(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ExperimentError('unreadable-experiment', `${path}: ${(cause as Error).message}`, { cause })
  })
  return parseText(text, path)
}

/** YAML 1.2, of which JSON is a part. @throws ExperimentError 'unreadable-experiment' with the reason, and line and column of what is no YAML */
export function parseText(text: string, path: string): unknown {
  const document = parseDocument(text, { version: '1.2', uniqueKeys: true })
  const [error] = document.errors
  if (error !== undefined) throw new ExperimentError('unreadable-experiment', `${path}: ${error.message}`)
  try {
    // An alias may stand for another alias a billion times over.
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    // Aliases are followed only here: one that stands for nothing, or for too much.
    throw new ExperimentError('unreadable-experiment', `${path}: ${(cause as Error).message}`, { cause })
  }
}

/**
 * An experiment with its defaults filled in. What can be wrong only in view of the data, `openExperiment` tells.
 * @throws ExperimentError 'invalid-experiment' with every mistake
 */
export function parseExperiment(value: unknown): CompleteExperiment {
  const errors = documentErrors(Experiment, value)
  if (errors.length > 0) throw new ExperimentError('invalid-experiment', undefined, { errors })
  const experiment = completeExperiment(value as Experiment)
  const contradictions = contradictionsIn(experiment)
  if (contradictions.length > 0) throw new ExperimentError('invalid-experiment', undefined, { errors: contradictions })
  return experiment
}

function contradictionsIn(experiment: CompleteExperiment): DocumentError[] {
  const { adversaries, cohort, devices, rounds, evaluateEvery, target, strategy, root } = experiment
  const asked = Math.ceil(cohort.size * cohort.overSelection)
  const { name, usesRoot = false } = makeAggregator(strategy)
  return [
    ...when(
      asked > devices,
      '/cohort/size',
      `asks ${asked} devices (⌈size × overSelection⌉) of a population of ${devices}`,
    ),
    ...when(
      adversaries !== undefined && numAdversaries(adversaries, devices) > devices,
      '/adversaries/count',
      `must be at most devices, ${devices}`,
    ),
    ...when(
      adversaries !== undefined && (cohort.maxStaleness ?? 0) > 0,
      '/adversaries',
      'need cohort.maxStaleness of 0: devices that go on from earlier rounds train base by base, so that no attack would know n, f and the honest updates of the whole round',
    ),
    ...when(usesRoot && root === undefined, '/root', `is missing: ${name} trains on it`),
    ...when(!usesRoot && root !== undefined, '/root', `is of no use: ${name} trains on nothing`),
    ...when(evaluateEvery > rounds, '/evaluateEvery', `must be at most rounds, ${rounds}`),
    ...when(
      target !== undefined && target.accuracy === undefined && target.loss === undefined,
      '/target',
      'must have accuracy or loss',
    ),
  ]
}
