import {
  layoutOf,
  openModel,
  readPersonalModel,
  writeParams,
  type DeviceStorage,
  type TaskCard,
} from '@panal/client-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { OwnModel } from './worker-messages.ts'

export interface LoadedOwn {
  readonly model: LayersModel
  readonly about: OwnModel
}

/** This browser's own model of a task; null: it has none, or its storage does not give it. */
export async function loadOwn(
  { id, plan, topology }: Pick<TaskCard, 'id' | 'plan' | 'topology'>,
  storage: DeviceStorage,
): Promise<LoadedOwn | null> {
  if (plan.personalisation === undefined) return null
  const model = await openModel(topology)
  const kept = await readPersonalModel(storage, id, layoutOf(model)).catch(() => undefined)
  if (kept === undefined) {
    model.dispose()
    return null
  }
  const { params, ...about } = kept
  writeParams(model, params)
  return { model, about }
}
