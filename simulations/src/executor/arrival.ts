import { codecs, l2Norm, PanalError, type Params, type Layout } from '@panal/client-core'
import { makeStrategy } from '@panal/server/strategy'
import type { DeviceOutcome } from './executor.ts'
import type { LocalTask } from './messages.ts'

/** An update on the server, as it judges it. */
export interface Arrival {
  readonly outcome: Pick<DeviceOutcome, 'verdict' | 'norm' | 'weight' | 'effectiveSteps' | 'bytes'>
  /** As decoded, and valid until the next one's: the server never sees what the codec lost. */
  readonly delta: Params
}

/** The way of an update to the server, by the code of both ends: codec, norm, checks, weight. */
export function arrivals(
  { plan, strategy: spec }: Pick<LocalTask, 'plan' | 'strategy'>,
  layout: Layout,
): (sent: Params, numExamples: number) => Arrival {
  const codec = codecs[plan.codec]
  const strategy = makeStrategy({ strategy: spec, plan })
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

  return (sent, numExamples) => {
    const bytes = codec.encode(sent, layout)
    return {
      outcome: {
        ...judge(bytes, numExamples),
        weight: strategy.weight(numExamples),
        effectiveSteps: strategy.effectiveSteps(numExamples),
        bytes: bytes.length,
      },
      delta: arrived,
    }
  }
}
