import { PanalError } from '@panal/client-core'
import type { RootTrainer, RootUpdate } from '../gate/contract.ts'
import type { Registry } from '../registry/registry.ts'
import type { Task } from '../registry/task.ts'
import { DamagedBlobError } from '../store/blob-files.ts'
import type { Collected } from './update-source.ts'

/** What a task's root set makes of a round's base. */
export type RootDelta = (round: Pick<Collected, 'number' | 'baseVersion'>, signal: AbortSignal) => Promise<RootUpdate>

/** Nobody can train on the root set: its file is gone, or has other bytes than its digest. */
export class RootLostError extends PanalError {
  constructor({ id, document }: Task, cause: unknown) {
    const how = cause instanceof DamagedBlobError ? 'damaged' : 'gone'
    const what = `the root set of task ${id} (sets.root, ${String(document.sets.root)}) is ${how}: put it back from a backup (panal restore BACKUP --blobs-only)`
    super('not-found', what, { cause })
  }
}

/** Of all chance in training on the root set in a round. */
export const rootSeed = ({ id, document }: Task, roundNumber: number): string =>
  `${document.seed}/${id}/${roundNumber}/root`

/**
 * By the task's own plan, as a device would. Depends on the round and the backend alone, so that a replay comes to the same.
 * @throws RootLostError
 */
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
      const isGone = cause instanceof PanalError && cause.code === 'not-found'
      if (!isGone && !(cause instanceof DamagedBlobError)) throw cause
      throw new RootLostError(task, cause)
    }
  }
