import { base64urlnopad } from '@scure/base'
import { Type, type Static } from 'typebox'
import { codecs } from '../codec/registry.ts'
import type { Layout, Params } from '../model/layout.ts'
import { RoundNumber, VersionNumber, type DeviceId } from '../protocol/ids.ts'
import { layoutDigest, type ModelManifest } from '../protocol/manifest.ts'
import type { DeviceKeys } from './keys.ts'
import type { DeviceRuntime, DeviceStorage } from './runtime.ts'
import { parseJson, readJson, writeJson } from './stored-json.ts'
import { vectorOf } from './stored-vector.ts'

/** Of all keys under which a device keeps models of its own. */
const personalPrefix = 'personal/'
/** Of all keys that mark when its owner has last forgotten the models of a task. */
const forgottenPrefix = 'personal-forgotten/'
/** Marks when its owner has last forgotten those of all tasks. */
const everyForgotten = 'personal-all-forgotten'

const Metrics = Type.Object({ numExamples: Type.Integer(), accuracy: Type.Number(), logLoss: Type.Number() })

const About = Type.Object({
  roundNumber: RoundNumber,
  /** Of the shared model that it was trained from, or drawn to. */
  version: VersionNumber,
  /** By this device's clock. */
  trainedAt: Type.Number(),
  /** On the examples that this device holds out; null: it holds none out. */
  metrics: Type.Union([Type.Object({ shared: Metrics, personal: Metrics }), Type.Null()]),
})

/** A model that this device trained for itself. It never leaves it. */
export interface PersonalModel extends Static<typeof About> {
  /** [size] */
  readonly params: Params
}

/** Whose model it is, and of what. */
export interface PersonalModelName extends Pick<ModelManifest, 'taskId' | 'layoutSha256' | 'planHash'> {
  readonly deviceId: DeviceId
}

const rootOf = (taskId: string): string => `${personalPrefix}${taskId}/`
/**
 * Another model begins anew, and so does another plan, or a device whose key and with it the id is new: they may hold out
 * other examples, which the old model was trained on.
 */
const keyOf = ({ taskId, layoutSha256, planHash, deviceId }: PersonalModelName): string =>
  `${rootOf(taskId)}${layoutSha256}/${planHash}/${deviceId}`

/** Undefined where there is none of this name, or it is damaged. */
export async function keptPersonalModel(
  storage: DeviceStorage,
  name: PersonalModelName,
  layout: Layout,
): Promise<PersonalModel | undefined> {
  const bytes = await storage.read(keyOf(name))
  return bytes && read(bytes, layout)
}

/** The newest of a task that fits the model, whatever its plan was: for whoever wants to use it. */
export async function readPersonalModel(
  storage: DeviceStorage,
  taskId: string,
  layout: Layout,
): Promise<PersonalModel | undefined> {
  const keys = await storage.keys(`${rootOf(taskId)}${layoutDigest(layout)}/`)
  const found = await Promise.all(keys.map((key) => storage.read(key)))
  const models = found.flatMap((bytes) => (bytes && read(bytes, layout)) ?? [])
  return models.reduce<PersonalModel | undefined>(
    (newest, each) => (newest === undefined || each.trainedAt > newest.trainedAt ? each : newest),
    undefined,
  )
}

/**
 * In place of the one before: a write is whole or none, so that a crash leaves one of the two. @throws what the storage does;
 * not where only what is under older names cannot be removed, which the next write tries again
 */
export async function keepPersonalModel(
  storage: DeviceStorage,
  name: PersonalModelName,
  { params, ...about }: PersonalModel,
  layout: Layout,
): Promise<void> {
  const head = new TextEncoder().encode(`${JSON.stringify(about)}\n`)
  const body = codecs.f32.encode(params, layout)
  const bytes = new Uint8Array(head.length + body.length)
  bytes.set(head)
  bytes.set(body, head.length)
  const key = keyOf(name)
  await storage.write(key, bytes)
  await removeAll(storage, rootOf(name.taskId), key).catch(() => undefined)
}

/** Whether there is any of a task, whatever model and plan it is for, and whether or not it can be read. */
export const hasPersonalModel = async (storage: DeviceStorage, taskId: string): Promise<boolean> =>
  (await storage.keys(rootOf(taskId))).length > 0

/** Where a device's own models are, and the chance that marks when they were forgotten. */
export type Forgetful = Pick<DeviceRuntime, 'storage'> & { readonly keys: Pick<DeviceKeys, 'random'> }

/**
 * Removes all of a task. What is being trained meanwhile, here or in another window, sees another mark and is not kept.
 * @throws what the storage does
 */
export const forgetPersonalModel = (device: Forgetful, taskId: string): Promise<void> =>
  forget(device, { mark: `${forgottenPrefix}${taskId}`, models: rootOf(taskId) })

/** Removes those of all tasks, likewise: also what is being trained for the first time. @throws what the storage does */
export async function forgetPersonalModels(device: Forgetful): Promise<void> {
  await forget(device, { mark: everyForgotten, models: personalPrefix })
  await removeAll(device.storage, forgottenPrefix)
}

/** When the models of a task were forgotten: a training whose end sees another mark than its start is in vain. */
export async function forgottenMark(storage: DeviceStorage, taskId: string): Promise<string> {
  const marks = [everyForgotten, `${forgottenPrefix}${taskId}`]
  const found = await Promise.all(marks.map((key) => readJson(storage, key, Type.String())))
  return found.map((mark) => mark ?? '').join(' ')
}

/**
 * The marks are of chance, so that no two windows write the same. The first one stops what began before. What began since may
 * have seen a model that was not yet removed: the second one stops that. What was over before the second one, and so did not
 * see it, has written its model before it: it is removed as well.
 */
async function forget({ storage, keys }: Forgetful, { mark, models }: { mark: string; models: string }): Promise<void> {
  for (let times = 0; times < 2; times++) {
    await writeJson(storage, mark, base64urlnopad.encode(keys.random(16)))
    await removeAll(storage, models)
  }
}

/** @throws what the storage does */
export const removePersonalModel = (storage: DeviceStorage, name: PersonalModelName): Promise<void> =>
  storage.remove(keyOf(name))

async function removeAll(storage: DeviceStorage, prefix: string, except?: string): Promise<void> {
  for (const key of await storage.keys(prefix)) if (key !== except) await storage.remove(key)
}

/** A line of JSON, then the params as raw floats. */
function read(bytes: Uint8Array, layout: Layout): PersonalModel | undefined {
  const end = bytes.indexOf(10)
  const about = parseJson(bytes.subarray(0, end), About)
  const params = about && vectorOf(bytes.subarray(end + 1), layout)
  return params && { ...about, params }
}
