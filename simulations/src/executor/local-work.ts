import { gather, makeCorrection, makeRng, type Dataset, type Params, type Trainer } from '@panal/client-core'
import { arrivals, type Arrival } from './arrival.ts'
import type { DeviceOutcome, DeviceWork } from './executor.ts'
import type { LocalTask } from './messages.ts'

/** What a device does in a round, and what its server makes of it on arrival. */
export type LocalWork = (from: FromServer, device: DeviceWork, signal: AbortSignal) => Promise<Arrived>

/** What the server sends. */
export interface FromServer {
  readonly base: Params
  /** For the plan's correction; null without one. */
  readonly servers: Params | null
}

export interface Arrived extends Pick<Arrival, 'delta'> {
  readonly outcome: DeviceOutcome
  /** On the device, before the codec. */
  readonly trained: Params
  /** What the plan's correction leaves on the device, if the update counts. */
  readonly kept?: Params
}

/** Both halves of one update: the device's training and clipping, then its way to the server. */
export function localWork(task: LocalTask, trainer: Trainer, train: Dataset): LocalWork {
  const { plan } = task
  const arrive = arrivals(task, trainer.layout)
  const correction = plan.correction && makeCorrection(plan.correction)

  return async ({ base, servers }, device, signal) => {
    const round = servers && {
      own: device.own,
      servers,
      learningRate: plan.learningRate,
    }
    const given =
      round === null || correction === undefined
        ? {}
        : { correction: { offset: correction.offset(round), proximalTerm: correction.proximalTerm } }
    const { delta, ...done } = await trainer.train(
      base,
      plan,
      examplesOf(train, device),
      makeRng(device.seed),
      signal,
      given,
    )
    const { numExamples, numSteps, lossBefore, lossAfter } = done
    const arrival = arrive(delta, numExamples)
    const isKept = round !== null && correction !== undefined && arrival.outcome.verdict === 'accepted'
    return {
      ...(isKept && { kept: correction.next(round, delta, numSteps) }),
      outcome: {
        deviceId: device.deviceId,
        numExamples,
        numSteps,
        lossBefore,
        lossAfter,
        ...arrival.outcome,
      },
      trained: delta,
      delta: arrival.delta,
    }
  }
}

/** One device's own dataset, copied out of the shared one. */
function examplesOf(train: Dataset, { rows, labels }: DeviceWork): Dataset {
  const { x, y } = gather(train, new Int32Array(rows.buffer, rows.byteOffset, rows.length))
  return {
    numExamples: rows.length,
    inputShape: train.inputShape,
    x,
    y: labels === undefined ? y : y.map((label) => labels[label]!),
  }
}
