import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { codecs } from '@panal/client-core'
import { aggregators, stalenessWeights, type VectorEngine } from '@panal/server'
import { updateSource } from '../../../server/src/round/update-source.ts'

/** What the mean of a round takes from its files on, as a server comes to it. */
export interface WholeMean {
  readonly seconds: number
  /** Of it: this thread at work, so that nobody else was answered. */
  readonly busySeconds: number
}

/**
 * The mean of a live round in the codec f32: every update is read and compared with its receipt, and then added to a fold, or
 * by an engine that reads it once more. The fastest of some turns, after one to warm up.
 */
export async function wholeMean(paths: readonly string[], size: number, engine?: VectorEngine): Promise<WholeMean> {
  const digests = []
  for (const path of paths)
    digests.push(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    )
  const updates = digests.map((sha256, k) => ({ ...receipt, deviceId: `device-${k}`, sha256, bytes: 4 * size }))
  const spool = { update: ({ deviceId }: { readonly deviceId: string }) => paths[Number(deviceId.slice(7))]! }
  const reading = {
    layout: { size, tensors: [{ name: 'all', shape: [size], offset: 0, size }] },
    codec: codecs.f32,
    strategy: { effectiveSteps: () => 1, stalenessWeight: stalenessWeights.constant.make({}) },
  }
  const mean = aggregators.mean.make({})
  const runs: WholeMean[] = []
  for (let turn = 0; turn < 4; turn++) {
    const source = updateSource(reading, spool, updates)
    const [before, begin] = [performance.eventLoopUtilization(), performance.now()]
    await mean.aggregate(source, engine && { engine })
    const seconds = (performance.now() - begin) / 1000
    runs.push({ seconds, busySeconds: performance.eventLoopUtilization(before).active / 1000 })
  }
  return runs.slice(1).reduce((best, run) => (run.seconds < best.seconds ? run : best))
}

const receipt = {
  taskId: 'mean',
  roundNumber: 1,
  numExamples: 600,
  weight: 600,
  norm: 1,
  verdict: 'accepted',
  receivedAt: 0,
}
