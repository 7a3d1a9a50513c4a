import { makeRng } from '@panal/client-core'
import { makePolicy } from '@panal/server'
import { adversarialExecutor } from '../adversary/adversarial-executor.ts'
import { drawAdversaries } from '../adversary/adversaries.ts'
import type { Attack } from '../adversary/attack.ts'
import { attacks } from '../adversary/registry.ts'
import type { Executor } from '../executor/executor.ts'
import { workerExecutor, type WorkerExecutorOptions } from '../executor/worker-executor.ts'
import { deviceOf } from './device-ids.ts'
import type { OpenExperiment } from './open-experiment.ts'

export type ExecutorOptions = Pick<WorkerExecutorOptions, 'numWorkers' | 'onNote' | 'spawn'>

/** Where an experiment's devices train, adversaries among them if it has some. */
export function openExecutor({ experiment, task, data, seed }: OpenExperiment, options: ExecutorOptions): Executor {
  const { loss, plan, strategy, adversaries, devices } = experiment
  const attack = adversaries && makePolicy<Attack>(attacks, adversaries.attack)
  const linear = attack?.seesHonest ? undefined : task.strategy.aggregator.linear
  const rule = linear && { rule: linear }
  const workers = workerExecutor({
    task: { topology: task.topology, schema: data.schema, loss, plan, strategy },
    size: task.layout.size,
    engine: experiment.engine,
    train: data.train,
    test: data.test,
    ...rule,
    ...options,
  })
  if (attack === undefined) return workers
  const drawn = drawAdversaries(adversaries!, devices, makeRng(seed).fork('adversaries'))
  return adversarialExecutor(workers, {
    attack,
    isAdversary: (deviceId) => drawn.has(deviceOf(deviceId)),
    task: experiment,
    layout: task.layout,
    numClasses: data.classes.length,
    ...rule,
    seed: `${seed}/adversaries`,
  })
}
