import { codecs } from '../codec/registry.ts'
import type { Layout, Params } from '../model/layout.ts'
import { PanalError } from '../protocol/errors.ts'
import type { ModelManifest } from '../protocol/manifest.ts'
import { makeCorrection } from '../train/correction/registry.ts'
import type { TrainOptions } from '../train/trainer.ts'
import type { DeviceRuntime } from './runtime.ts'

/** What a device corrects its steps by in one round. */
export interface RoundCorrection {
  readonly given: NonNullable<TrainOptions['correction']>
  /** Of the server's vector; 0 where none was needed. */
  readonly bytesDown: number
  /** Keeps what this round leaves for the next. To be called once the update is accepted. */
  keep(delta: Params, numSteps: number): Promise<void>
}

/** Undefined where the plan corrects nothing. The server's vector is downloaded; the device's own is on the device. */
export async function roundCorrection(
  runtime: DeviceRuntime,
  manifest: ModelManifest,
  layout: Layout,
  signal: AbortSignal,
): Promise<RoundCorrection | undefined> {
  const { plan, correctionSha256 } = manifest
  if (plan.correction === undefined) return undefined
  const { storage, transfer } = runtime
  const correction = makeCorrection(plan.correction)
  const numBytes = layout.size * Float32Array.BYTES_PER_ELEMENT
  const sent =
    correction.needsServers && correctionSha256 !== undefined
      ? await transfer.download(correctionSha256, numBytes, signal)
      : undefined
  const key = keyOf(manifest)
  const own = await kept(runtime, key, layout)
  const round = {
    own: own ?? new Float32Array(layout.size),
    servers: sent === undefined ? new Float32Array(layout.size) : codecs.f32.decode(sent, layout),
    learningRate: plan.learningRate,
  }
  return {
    given: { offset: correction.offset(round), proximalTerm: correction.proximalTerm },
    bytesDown: sent?.length ?? 0,
    async keep(delta, numSteps) {
      try {
        for (const old of await storage.keys(prefixOf(manifest))) if (old !== key) await storage.remove(old)
        await storage.write(key, codecs.f32.encode(correction.next(round, delta, numSteps), layout))
      } catch {
        // A full or forbidden storage costs the memory of this round, never the round.
      }
    },
  }
}

/** Another model, or another correction, begins anew. */
const prefixOf = ({ taskId }: ModelManifest): string => `correction/${taskId}/`
const keyOf = (manifest: ModelManifest): string =>
  `${prefixOf(manifest)}${manifest.layoutSha256}/${manifest.plan.correction!.name}`

/** Undefined at first, and where what is there is damaged. */
async function kept({ storage }: DeviceRuntime, key: string, layout: Layout): Promise<Params | undefined> {
  const bytes = await storage.read(key)
  if (bytes === undefined) return undefined
  try {
    return codecs.f32.decode(bytes, layout)
  } catch (error) {
    if (error instanceof PanalError) return undefined
    throw error
  }
}
