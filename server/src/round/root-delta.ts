import { PanalError, type Params } from '@panal/client-core'
import type { RootTrainer } from '../gate/contract.ts'
import type { Registry } from '../registry/registry.ts'
import type { Task } from '../registry/task.ts'
import type { Collected } from './update-source.ts'

/** What a task's root set makes of a round's base. */
export type RootDelta = (round: Pick<Collected, 'number' | 'baseVersion'>, signal: AbortSignal) => Promise<Params>

/** Of all chance in training on the root set in a round. */
export const rootSeed = ({ id, document }: Task, roundNumber: number): string =>
  `${document.seed}/${id}/${roundNumber}/root`

/** By the task's own plan, as a device would. Depends on the round alone, so that a replay comes to the same. */
export const rootDeltaOf =
  (
    task: Task,
    { registry, trainer }: { readonly registry: Pick<Registry, 'params'>; readonly trainer: RootTrainer },
  ): RootDelta =>
  async ({ number, baseVersion }, signal) => {
    const { root } = task.document.sets
    if (root === undefined) throw new Error(`task ${task.id} has no root set`)
    const base = await registry.params(task.id, baseVersion)
    try {
      return await trainer.train(
        { document: task.document, base, datasetSha256: root, seed: rootSeed(task, number) },
        signal,
      )
    } catch (cause) {
      if (!(cause instanceof PanalError) || cause.code !== 'not-found') throw cause
      const what = `the root set of task ${task.id} (sets.root, ${root}) is gone: put it back from a backup`
      throw new PanalError('not-found', what, { cause })
    }
  }
