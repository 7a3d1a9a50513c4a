import type { TaskDocument } from '@panal/client-core'
import { aggregators } from '../aggregate/registry.ts'
import { makeChecks } from '../check/registry.ts'
import { optimizers } from '../optimizer/registry.ts'
import { samplers } from '../sample/registry.ts'
import type { Strategy } from './strategy.ts'

/** What an update weighs in the mean, before the task's cap. */
const weights = {
  examples: (numExamples: number) => numExamples,
  uniform: () => 1,
} as const satisfies Record<TaskDocument['strategy']['weight'], Strategy['weight']>

/** The strategy that a task document describes. */
export function makeStrategy(spec: TaskDocument['strategy']): Strategy {
  const weigh = weights[spec.weight]
  return {
    sampler: samplers[spec.sampler.name],
    checks: makeChecks(spec.checks),
    weight: (numExamples) => Math.min(weigh(numExamples), spec.maxWeight ?? Infinity),
    aggregator: aggregators[spec.aggregator.name],
    optimizer: optimizers[spec.serverOptimizer.name](spec.serverOptimizer),
  }
}
