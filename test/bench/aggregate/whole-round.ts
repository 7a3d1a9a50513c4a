import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { codecs } from '@panal/client-core'
import { makeAggregator } from '../../../server/src/aggregate/make-aggregator.ts'
import { stalenessWeights } from '../../../server/src/staleness/registry.ts'
import type { Aggregator } from '../../../server/src/strategy/strategy.ts'
import type { VectorEngine } from '../../../server/src/vector/engine.ts'
import { updateSource } from '../../../server/src/round/update-source.ts'

/** What a round takes from its files on to what its rule comes to. */
export interface WholeRound {
  readonly seconds: number
  /** Of it: this thread at work, so that nobody else was answered. */
  readonly busySeconds: number
}

/**
 * Aggregates a live round in the codec f32: every update is read and compared with its receipt, and then added to a fold, or
 * read by an engine once more for each pass. The fastest of some turns, after one to warm up.
 */
export async function wholeRound(
  paths: readonly string[],
  { size, rule, engine, numTurns = 3 }: RoundOptions,
): Promise<WholeRound> {
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
  const runs: WholeRound[] = []
  for (let turn = 0; turn <= numTurns; turn++) {
    const source = updateSource(reading, spool, updates)
    const [before, begin] = [performance.eventLoopUtilization(), performance.now()]
    await rule.aggregate(source, engine && { engine })
    const seconds = (performance.now() - begin) / 1000
    runs.push({ seconds, busySeconds: performance.eventLoopUtilization(before).active / 1000 })
  }
  return runs.slice(1).reduce((best, run) => (run.seconds < best.seconds ? run : best))
}

export interface RoundOptions {
  /** Params of the model. */
  readonly size: number
  readonly rule: Aggregator
  readonly engine?: VectorEngine | undefined
  readonly numTurns?: number
}

/** For f attackers: what docs/aggregation.md says is a good start. */
export const defaultRule = (f: number): Aggregator =>
  makeAggregator({
    preAggregators: [{ name: 'clip' }, { name: 'nnm', f }],
    aggregator: { name: 'trimmed-mean', f },
  })

const receipt = {
  taskId: 'mean',
  roundNumber: 1,
  numExamples: 600,
  weight: 600,
  norm: 1,
  verdict: 'accepted',
  receivedAt: 0,
}
