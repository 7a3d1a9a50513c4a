import { stepsOfRound } from '@panal/client-core'
import { Type } from 'typebox'
import { preAggregators } from '../aggregate/before/registry.ts'
import { makeAggregator } from '../aggregate/make-aggregator.ts'
import { aggregators } from '../aggregate/registry.ts'
import { checks, makeChecks } from '../check/registry.ts'
import { optimizers } from '../optimizer/registry.ts'
import { makePolicy, policySchema } from '../policy.ts'
import type { TaskDocument } from '../registry/task-document.ts'
import { samplers } from '../sample/registry.ts'
import { stalenessWeights } from '../staleness/registry.ts'
import { effectiveSteps } from './effective-steps.ts'
import type { Strategy } from './strategy.ts'

/** What an update weighs in the mean, before the task's cap. A new rule is one line. */
const weights = {
  examples: (numExamples: number) => numExamples,
  uniform: () => 1,
} as const satisfies Record<string, Strategy['weight']>

/**
 * Where a task sets no cap. Of devices that honestly have more examples than this each weighs the same: that costs a
 * little of the mean's efficiency, where no cap would give the whole model to one liar.
 */
const defaultMaxWeight = 1000

/** What a task document says of its strategy, put together from the registries. */
export const StrategySpec = Type.Object(
  {
    sampler: policySchema(samplers),
    checks: Type.Array(policySchema(checks), {
      description: 'run in this order on every update; `finite` always runs first, listed or not',
    }),
    weight: Type.Unsafe<keyof typeof weights>(Type.Union(Object.keys(weights).map((name) => Type.Literal(name)))),
    maxWeight: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        default: defaultMaxWeight,
        description: 'cap of one aggregation weight, against a device that claims a billion examples',
      }),
    ),
    stalenessWeight: Type.Optional(policySchema(stalenessWeights)),
    preAggregators: Type.Optional(
      Type.Array(policySchema(preAggregators), {
        description:
          'run on all updates of a round in this order, before the aggregator; the server holds them all at once',
      }),
    ),
    aggregator: policySchema(aggregators),
    serverOptimizer: policySchema(optimizers),
  },
  { additionalProperties: false },
)

/**
 * The strategy that a task document describes. No update weighs more than `maxWeight`, nor for more examples than the
 * plan lets a device use, whatever it claims.
 */
export function makeStrategy({ strategy, plan }: Pick<TaskDocument, 'strategy' | 'plan'>): Strategy {
  const weigh = weights[strategy.weight]
  const { maxWeight = defaultMaxWeight } = strategy
  const { maxExamples = Infinity } = plan
  const work = effectiveSteps(plan)
  return {
    sampler: makePolicy(samplers, strategy.sampler),
    checks: makeChecks(strategy.checks),
    weight: (numExamples) => Math.min(weigh(Math.min(numExamples, maxExamples)), maxWeight),
    effectiveSteps: (numExamples) => work(stepsOfRound(plan, numExamples)),
    stalenessWeight: makePolicy(stalenessWeights, strategy.stalenessWeight ?? { name: 'polynomial' }),
    aggregator: makeAggregator(strategy),
    optimizer: makePolicy(optimizers, strategy.serverOptimizer),
  }
}
