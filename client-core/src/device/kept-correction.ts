import { codecs } from '../codec/registry.ts'
import type { Layout, Params } from '../model/layout.ts'
import { PanalError } from '../protocol/errors.ts'
import type { ModelManifest } from '../protocol/manifest.ts'
import { makeCorrection } from '../train/correction/registry.ts'
import type { TrainOptions } from '../train/trainer.ts'
import type { DeviceRuntime } from './runtime.ts'
import { vectorOf } from './stored-vector.ts'

/** Of all keys under which a device keeps what corrections leave. */
export const correctionPrefix = 'correction/'

/** What a device corrects its steps by in one round. */
export interface RoundCorrection {
  readonly given: NonNullable<TrainOptions['correction']>
  /** Of the server's vector; 0 where none was needed. */
  readonly bytesDown: number
  /** Keeps what this round leaves for the next. To be called once the update is accepted. */
  keep(delta: Params, numSteps: number): Promise<void>
}

/** What the last two rounds left, of which the newer may yet turn out not to have counted. */
const numKept = 2

/**
 * Undefined where the plan corrects nothing. The server's vector is downloaded; the device's own is on the device.
 * @throws PanalError 'wrong-model' if what the server sends is no vector of numbers
 */
export async function roundCorrection(
  runtime: DeviceRuntime,
  manifest: ModelManifest,
  layout: Layout,
  signal: AbortSignal,
): Promise<RoundCorrection | undefined> {
  const { plan, correctionSha256, version } = manifest
  if (plan.correction === undefined) return undefined
  const { storage, transfer } = runtime
  const correction = makeCorrection(plan.correction)
  const numBytes = layout.size * Float32Array.BYTES_PER_ELEMENT
  const sent =
    correction.needsServers && correctionSha256 !== undefined
      ? await transfer.download(correctionSha256, numBytes, signal)
      : undefined
  const servers = sent === undefined ? new Float32Array(layout.size) : vectorOf(sent, layout)
  if (servers === undefined)
    throw new PanalError('wrong-model', 'what the server sent for the correction is not finite')
  const prefix = prefixOf(manifest)
  const round = { own: await counted(storage, prefix, { version, layout }), servers, learningRate: plan.learningRate }
  return {
    given: { offset: correction.offset(round), proximalTerm: correction.proximalTerm },
    bytesDown: sent?.length ?? 0,
    async keep(delta, numSteps) {
      try {
        await storage.write(`${prefix}${version}`, codecs.f32.encode(correction.next(round, delta, numSteps), layout))
        await forgetOld(storage, manifest)
      } catch {
        // A full or forbidden storage costs the memory of this round, never the round.
      }
    },
  }
}

const rootOf = ({ taskId }: ModelManifest): string => `${correctionPrefix}${taskId}/`
/** Another model, or another plan, begins anew. Behind it stands the version that training started from. */
const prefixOf = (manifest: ModelManifest): string =>
  `${rootOf(manifest)}${manifest.layoutSha256}/${manifest.planHash}/`

const versionsIn = async (storage: DeviceRuntime['storage'], prefix: string): Promise<number[]> =>
  (await storage.keys(prefix)).map((key) => Number(key.slice(prefix.length))).sort((a, b) => b - a)

/**
 * What the newest round left that counted: an update from a base counts once there is a newer one. A round that was
 * abandoned is followed by one from the same base. (Where that one goes without this device, it takes the first to have counted.)
 */
async function counted(
  storage: DeviceRuntime['storage'],
  prefix: string,
  { version, layout }: { readonly version: number; readonly layout: Layout },
): Promise<Params | undefined> {
  const newest = (await versionsIn(storage, prefix)).find((each) => each < version)
  const bytes = newest === undefined ? undefined : await storage.read(`${prefix}${newest}`)
  return bytes && vectorOf(bytes, layout)
}

async function forgetOld(storage: DeviceRuntime['storage'], manifest: ModelManifest): Promise<void> {
  const prefix = prefixOf(manifest)
  const wanted = new Set((await versionsIn(storage, prefix)).slice(0, numKept).map((version) => `${prefix}${version}`))
  for (const key of await storage.keys(rootOf(manifest))) if (!wanted.has(key)) await storage.remove(key)
}
