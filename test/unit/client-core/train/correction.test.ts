import { describe, expect, it } from '@jest/globals'
import type { CorrectionSpec, Params } from '@panal/client-core'
import {
  aggregators,
  makePolicy,
  optimizers,
  type TaskDocument,
  type UpdateSource,
  type WeightedUpdate,
} from '@panal/server'
import { makeCorrection } from '../../../../client-core/src/train/correction/registry.ts'

const learningRate = 0.1

describe('scaffold (Karimireddy et al. 2020)', () => {
  const correction = makeCorrection({ name: 'scaffold' })
  const round = { own: Float32Array.of(0.25), servers: Float32Array.of(0.5), learningRate: 0.125 }

  it('moves gradients by c − cᵢ, both over the learning rate', () => {
    expect(correction.offset(round)).toEqual(Float32Array.of(2)) // (0.5 − 0.25) / 0.125
  })

  it('keeps cᵢ − c − delta / numSteps', () => {
    expect(correction.next(round, Float32Array.of(3), 4)).toEqual(Float32Array.of(-1)) // 0.25 − 0.5 − 3/4
  })
})

describe('feddyn (Acar et al. 2021)', () => {
  const correction = makeCorrection({ name: 'feddyn', alpha: 0.5 })
  const round = { own: Float32Array.of(2), servers: Float32Array.of(0), learningRate }

  it('moves gradients by −hᵢ and draws back to the base', () => {
    expect(correction.offset(round)).toEqual(Float32Array.of(-2))
    expect(correction.proximalTerm).toBe(0.5)
  })

  it('keeps hᵢ − α · delta', () => {
    expect(correction.next(round, Float32Array.of(3), 4)).toEqual(Float32Array.of(0.5))
  })
})

interface Algorithm {
  /** Default: twenty. */
  readonly numSteps?: number
  readonly correction?: CorrectionSpec
  /** The plan's, FedProx's μ. */
  readonly proximalTerm?: number
  readonly aggregator?: { readonly name: 'mean' | 'scaffold' }
  readonly optimizer: TaskDocument['strategy']['serverOptimizer']
}

/** Losses curve · (w − centre)²/2: all together least at Σ curve · centre / Σ curve. */
const devices = [
  { curve: 1, centre: 0 },
  { curve: 4, centre: 1 },
]

/** Rounds in which every device takes its steps: where w comes to rest. */
async function settle({
  numSteps = 20,
  correction: spec,
  proximalTerm = 0,
  aggregator = { name: 'mean' },
  optimizer,
}: Algorithm): Promise<number> {
  const correction = spec && makeCorrection(spec)
  const pull = (correction?.proximalTerm ?? 0) + proximalTerm
  const rule = makePolicy(aggregators, aggregator)
  const server = makePolicy(optimizers, optimizer)
  let params: Params = Float32Array.of(-1)
  let state = server.init(1)
  const kept: (Params | undefined)[] = devices.map(() => undefined)
  for (let number = 0; number < 300; number++) {
    const updates = devices.map(({ curve, centre }, i): WeightedUpdate => {
      const round = { own: kept[i], servers: server.sharesState === true ? state : new Float32Array(1), learningRate }
      const offset = correction?.offset(round)[0] ?? 0
      let w = params[0]!
      for (let step = 0; step < numSteps; step++)
        w -= learningRate * (curve * (w - centre) + offset + pull * (w - params[0]!))
      const delta = Float32Array.of(w - params[0]!)
      if (correction !== undefined) kept[i] = correction.next(round, delta, numSteps)
      return { deviceId: `d${i}`, delta, weight: 1, effectiveSteps: numSteps, norm: 1 }
    })
    const source: UpdateSource = {
      count: updates.length,
      size: 1,
      async *[Symbol.asyncIterator]() {
        yield* await Promise.resolve(updates)
      },
    }
    const round = { numUpdates: updates.length }
    const next = server.apply(params, await rule.aggregate(source), state, round)
    params = Float32Array.from(next.params)
    state = Float32Array.from(next.state)
  }
  return params[0]!
}

describe('devices that take many steps on losses that differ', () => {
  const optimum = 4 / 5

  it('are where the mean leaves them without a correction: not at the optimum of all', async () => {
    // each delta is (1 − (1 − 0.1 · curve)^20) · (centre − w): 0.8784 and 0.99996
    const rest = await settle({ optimizer: { name: 'sgd', learningRate: 1 } })
    expect(rest).toBeCloseTo(0.99996 / (0.99996 + 0.8784), 3)
    expect(Math.abs(rest - optimum)).toBeGreaterThan(0.2)
  })

  it('FedProx lets them rest nearer to it (Li et al. 2020)', async () => {
    // each delta is curve / (curve + μ) · (1 − (1 − 0.1 · (curve + μ))^20) · (centre − w), here with μ = 4: 0.2 and 0.5
    const rest = await settle({ proximalTerm: 4, optimizer: { name: 'sgd', learningRate: 1 } })
    expect(rest).toBeCloseTo(0.5 / (0.5 + 0.2), 3)
  })

  it('FedSGD, one step each, is gradient descent on all: it comes to the optimum (McMahan et al. 2017)', async () => {
    expect(await settle({ numSteps: 1, optimizer: { name: 'sgd', learningRate: 1 } })).toBeCloseTo(optimum, 6)
  })

  it.each<[string, Algorithm]>([
    [
      'scaffold',
      {
        correction: { name: 'scaffold' },
        aggregator: { name: 'scaffold' },
        optimizer: { name: 'scaffold', learningRate: 1, devices: 2 },
      },
    ],
    ['feddyn', { correction: { name: 'feddyn', alpha: 1 }, optimizer: { name: 'feddyn', alpha: 1, devices: 2 } }],
  ])('%s brings them to it', async (_, algorithm) => {
    expect(await settle(algorithm)).toBeCloseTo(optimum, 2)
  })
})
