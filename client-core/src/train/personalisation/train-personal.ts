import type { Dataset } from '../../data/dataset.ts'
import type { Params } from '../../model/layout.ts'
import type { Rng } from '../../model/rng.ts'
import type { HeldOutSplit } from '../held-out.ts'
import type { LocalMetrics, Trainer, TrainProgress } from '../trainer.ts'
import type { Personalisation, PersonalRound } from './personalisation.ts'

/** Both models of a device on its own examples, which neither of them was trained on here. */
export interface OwnMetrics {
  readonly shared: LocalMetrics
  readonly personal: LocalMetrics
}

/** One round of a device's own model. */
export interface PersonalTraining extends PersonalRound, HeldOutSplit {
  readonly personalisation: Personalisation
  readonly rng: Rng
  /** Whether to measure it and the shared one on what is held out. */
  readonly isMeasured: boolean
  readonly onProgress?: TrainProgress
}

export interface Personalised {
  /** [size] The device's own model. */
  readonly params: Params
  /** Null where nothing was held out, or nothing was to be measured. */
  readonly metrics: OwnMetrics | null
}

/**
 * The same on a real device and a simulated one. Undefined where training has diverged: the device then has no model of its
 * own. @throws the signal's reason when aborted
 */
export async function trainPersonal(
  trainer: Trainer,
  { personalisation, rng, train, heldOut, isMeasured, onProgress, ...round }: PersonalTraining,
  signal: AbortSignal,
): Promise<Personalised | undefined> {
  const { start, plan, options } = personalisation.work(round)
  const given = { ...options, ...(onProgress !== undefined && { onProgress }) }
  const { delta } = await trainer.train(start, plan, train, rng, signal, given)
  const params = start.map((value, i) => value + delta[i]!)
  if (!params.every(Number.isFinite)) return undefined
  const metrics = isMeasured && heldOut !== null ? await measure(trainer, { ...round, params }, heldOut, signal) : null
  return { params, metrics }
}

const measure = async (
  trainer: Trainer,
  { shared, params }: { readonly shared: Params; readonly params: Params },
  heldOut: Dataset,
  signal: AbortSignal,
): Promise<OwnMetrics> => ({
  shared: await trainer.evaluate(shared, heldOut, signal),
  personal: await trainer.evaluate(params, heldOut, signal),
})
