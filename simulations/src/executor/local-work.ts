import {
  codecs,
  gather,
  l2Norm,
  makeCorrection,
  makeRng,
  PanalError,
  type Dataset,
  type Params,
  type Trainer,
} from '@panal/client-core'
import { makeStrategy } from '@panal/server/strategy'
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

export interface Arrived {
  readonly outcome: DeviceOutcome
  /** As decoded, and valid until the next device's: the server never sees what the codec lost. */
  readonly delta: Params
  /** What the plan's correction leaves on the device, if the update counts. */
  readonly kept?: Params
}

/**
 * Both halves of one update, by the code of both: the device's training, clipping and codec, the server's decoding, norm,
 * checks and weight.
 */
export function localWork({ plan, strategy: spec }: LocalTask, trainer: Trainer, train: Dataset): LocalWork {
  const { layout } = trainer
  const codec = codecs[plan.codec]
  const strategy = makeStrategy({ strategy: spec, plan })
  const correction = plan.correction && makeCorrection(plan.correction)
  const arrived = new Float32Array(layout.size)

  function judge(bytes: Uint8Array, numExamples: number): Pick<DeviceOutcome, 'verdict' | 'norm'> {
    try {
      const delta = codec.decode(bytes, layout, arrived)
      const norm = l2Norm(delta)
      for (const check of strategy.checks) {
        const verdict = check.check({ delta, norm, numExamples })
        if (!verdict.ok) return { verdict: verdict.code, norm }
      }
      return { verdict: 'accepted', norm }
    } catch (error) {
      if (!(error instanceof PanalError)) throw error
      return { verdict: error.code, norm: 0 }
    }
  }

  return async ({ base, servers }, { deviceId, rows, seed, own }, signal) => {
    const round = servers && {
      own,
      servers,
      learningRate: plan.learningRate,
    }
    const given =
      round === null || correction === undefined
        ? {}
        : { correction: { offset: correction.offset(round), proximalTerm: correction.proximalTerm } }
    const { delta, numExamples, numSteps, lossBefore, lossAfter } = await trainer.train(
      base,
      plan,
      examplesOf(train, rows),
      makeRng(seed),
      signal,
      given,
    )
    const bytes = codec.encode(delta, layout)
    const judged = judge(bytes, numExamples)
    const isKept = round !== null && correction !== undefined && judged.verdict === 'accepted'
    return {
      ...(isKept && { kept: correction.next(round, delta, numSteps) }),
      outcome: {
        deviceId,
        ...judged,
        numExamples,
        numSteps,
        weight: strategy.weight(numExamples),
        effectiveSteps: strategy.effectiveSteps(numExamples),
        bytes: bytes.length,
        lossBefore,
        lossAfter,
      },
      delta: arrived,
    }
  }
}

/** One device's own dataset, copied out of the shared one. */
const examplesOf = (train: Dataset, rows: Uint32Array): Dataset => ({
  numExamples: rows.length,
  inputShape: train.inputShape,
  ...gather(train, new Int32Array(rows.buffer, rows.byteOffset, rows.length)),
})
