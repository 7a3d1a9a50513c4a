import type { Cohort, Loss, Plan } from '@panal/client-core'
import { makeAggregator, type Aggregator, type TaskDocument } from '@panal/server'
import type { EngineName } from '../engine/open-trainer.ts'
import { defaultProfile, type ProfileSpec } from '../profile/spec.ts'
import type { Experiment } from './schema.ts'

/** An experiment with every field that decides what comes of it. */
export interface CompleteExperiment extends Omit<Experiment, 'strategy' | 'cohort' | 'profile' | 'plan'> {
  readonly loss: Loss
  readonly plan: Plan
  readonly strategy: TaskDocument['strategy']
  readonly cohort: Cohort
  readonly profile: ProfileSpec
  readonly evaluateEvery: number
  readonly intervalMs: number
  readonly seeds: number[]
  readonly engine: EngineName
}

const weekMs = 7 * 86_400_000

/** The mean, where an experiment names no other. */
const aggregatorSpec = (strategy: Experiment['strategy']) => strategy?.aggregator ?? { name: 'mean' as const }

export const aggregatorOf = (strategy: Experiment['strategy']): Aggregator =>
  makeAggregator({ ...strategy, aggregator: aggregatorSpec(strategy) })

/** Devices that a round asks. */
export const numAsked = ({ size, overSelection = 1 }: Experiment['cohort']): number => Math.ceil(size * overSelection)

/**
 * FedAvg with plain SGD, where nothing else is said: uniform cohorts that all report, weights by examples, the mean applied as
 * it is, updates in float32.
 */
export function completeExperiment(experiment: Experiment): CompleteExperiment {
  const { strategy, cohort, profile, plan } = experiment
  return {
    ...experiment,
    loss: experiment.loss ?? 'categorical-crossentropy',
    plan: { optimizer: { name: 'sgd' }, codec: 'f32', ...plan },
    strategy: {
      sampler: { name: 'uniform' },
      checks: [],
      weight: 'examples',
      serverOptimizer: { name: 'sgd', learningRate: 1 },
      ...strategy,
      aggregator: aggregatorSpec(strategy),
    },
    cohort: {
      overSelection: 1,
      reportingGoal: Math.min(cohort.size, numAsked(cohort)),
      minimum: Math.min(cohort.reportingGoal ?? cohort.size, aggregatorOf(strategy).minUpdates),
      deadlineMs: weekMs,
      ...cohort,
    },
    profile: { ...defaultProfile, ...profile },
    evaluateEvery: experiment.evaluateEvery ?? 1,
    intervalMs: experiment.intervalMs ?? 0,
    seeds: experiment.seeds ?? [1],
    engine: experiment.engine ?? 'native',
  }
}
