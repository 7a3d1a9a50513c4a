import {
  gather,
  makeCorrection,
  makePersonalisation,
  makeRng,
  splitHeldOut,
  trainPersonal,
  type Dataset,
  type HeldOutSplit,
  type Params,
  type Personalised,
  type Plan,
  type Trainer,
} from '@panal/client-core'
import { arrivals, type Arrival } from './arrival.ts'
import type { DeviceOutcome, DeviceWork } from './executor.ts'
import type { LocalTask } from './messages.ts'

/** What a device does in a round, and what its server makes of it on arrival. */
export type LocalWork = (
  from: FromServer,
  device: DeviceWork,
  before: OwnVectors,
  signal: AbortSignal,
) => Promise<Arrived>

/** What the server sends. */
export interface FromServer {
  readonly base: Params
  /** For the plan's correction; null without one. */
  readonly servers: Params | null
}

/** What earlier rounds left on the device, [size] each; absent: none did. Valid until the work is done. */
export interface OwnVectors {
  readonly correction?: Params | undefined
  readonly personal?: Params | undefined
}

export interface Arrived extends Pick<Arrival, 'delta'> {
  readonly outcome: DeviceOutcome
  /** On the device, before the codec. */
  readonly trained: Params
  /** What the plan's correction leaves on the device, if the update counts. */
  readonly kept?: Params
  /** The device's own model, if its next round goes on from it. */
  readonly personal?: Params
}

/** Both halves of one update: the device's training and clipping, then its way to the server. */
export function localWork(task: LocalTask, trainer: Trainer, train: Dataset): LocalWork {
  const { plan } = task
  const arrive = arrivals(task, trainer.layout)
  const correction = plan.correction && makeCorrection(plan.correction)
  const personalisation = plan.personalisation && makePersonalisation(plan.personalisation)

  /** Undefined where there is nothing to be known of it, and nothing to go on from. */
  async function personalise(
    shared: Params,
    { personal, seed, own }: DeviceWork & { readonly own: Params | undefined },
    split: HeldOutSplit,
    signal: AbortSignal,
  ): Promise<Personalised | undefined> {
    if (personal === undefined || personalisation === undefined) return undefined
    const { isMeasured } = personal
    if (!isMeasured && !personalisation.continues) return undefined
    const rng = makeRng(seed).fork('personal')
    return trainPersonal(trainer, { personalisation, own, shared, plan, ...split, rng, isMeasured }, signal)
  }

  return async ({ base, servers }, device, before, signal) => {
    const { seed } = device
    const split = splitOf(train, device, plan)
    const round = servers && {
      own: before.correction,
      servers,
      learningRate: plan.learningRate,
    }
    const given =
      round === null || correction === undefined
        ? {}
        : { correction: { offset: correction.offset(round), proximalTerm: correction.proximalTerm } }
    const { delta, ...done } = await trainer.train(base, plan, split.train, makeRng(seed), signal, given)
    const { numExamples, numSteps, lossBefore, lossAfter } = done
    const arrival = arrive(delta, numExamples)
    const personalised = await personalise(base, { ...device, own: before.personal }, split, signal)
    const isKept = round !== null && correction !== undefined && arrival.outcome.verdict === 'accepted'
    return {
      ...(isKept && { kept: correction.next(round, delta, numSteps) }),
      ...(personalised !== undefined && personalisation?.continues === true && { personal: personalised.params }),
      outcome: {
        deviceId: device.deviceId,
        numExamples,
        numSteps,
        ...(device.discount !== undefined && { discount: device.discount }),
        lossBefore,
        lossAfter,
        ...arrival.outcome,
        ...(personalised?.metrics && { ownMetrics: personalised.metrics }),
      },
      trained: delta,
      delta: arrival.delta,
    }
  }
}

/** One device's own dataset. False labels change nothing but what is trained on. */
function splitOf(train: Dataset, { deviceId, rows, labels, personal }: DeviceWork, plan: Plan): HeldOutSplit {
  const split = splitHeldOut(examplesOf(train, rows), plan, personal?.salt ?? deviceId)
  if (labels === undefined) return split
  return { ...split, train: { ...split.train, y: split.train.y.map((label) => labels[label]!) } }
}

/** Those rows, copied out of the shared dataset. */
export function examplesOf(train: Dataset, rows: Uint32Array): Dataset {
  const { x, y } = gather(train, new Int32Array(rows.buffer, rows.byteOffset, rows.length))
  return { numExamples: rows.length, inputShape: train.inputShape, x, y }
}
