import { describe, expect, it } from '@jest/globals'
import { optimizers, type ServerOptimizer } from '@panal/server'

/** Each optimizer with settings that have state and settings that have none. */
const cases = {
  scaffold: [optimizers.scaffold.make({ learningRate: 1, devices: 20 })],
  feddyn: [optimizers.feddyn.make({ alpha: 0.1, devices: 20 })],
  adam: [optimizers.adam.make({ learningRate: 0.1 })],
  yogi: [optimizers.yogi.make({ learningRate: 0.1, beta1: 0, beta2: 0.5, tau: 0.1 })],
  adagrad: [optimizers.adagrad.make({ learningRate: 0.1 })],
  sgd: [optimizers.sgd.make({ learningRate: 0.5 }), optimizers.sgd.make({ learningRate: 0.5, momentum: 0.9 })],
} as const satisfies Record<keyof typeof optimizers, readonly ServerOptimizer[]>

const round = { numUpdates: 10 }

describe.each(Object.entries(cases))('server optimizer %s', (name, instances) => {
  it('is registered under its own name', () => {
    for (const optimizer of instances) expect(optimizer.name).toBe(name)
  })

  it('leaves its arguments as they were and keeps every length', () => {
    for (const optimizer of instances) {
      const params = Float32Array.of(1, 2)
      const meanDelta = Float32Array.of(0.5, -1)
      const state = optimizer.init(2)
      const held = state.slice()
      const next = optimizer.apply(params, meanDelta, state, round)
      expect([params, meanDelta, state]).toEqual([Float32Array.of(1, 2), Float32Array.of(0.5, -1), held])
      expect([next.params.length, next.state.length]).toEqual([2, state.length])
    }
  })

  it('a zero mean delta from a fresh state moves nothing', () => {
    for (const optimizer of instances) {
      const { params } = optimizer.apply(Float32Array.of(1, 2), new Float32Array(2), optimizer.init(2), round)
      expect(params).toEqual(Float32Array.of(1, 2))
    }
  })
})

describe('sgd', () => {
  it('adds the mean delta, scaled', () => {
    const { params } = optimizers.sgd
      .make({ learningRate: 0.5 })
      .apply(Float32Array.of(1, 2), Float32Array.of(4, -2), new Float32Array(0), round)
    expect(params).toEqual(Float32Array.of(3, 1)) // 1 + ½·4, 2 − ½·2
  })

  it('with momentum 0.5 carries half of the last step on (Hsu et al. 2019)', () => {
    const optimizer = optimizers.sgd.make({ learningRate: 1, momentum: 0.5 })
    const first = optimizer.apply(Float32Array.of(0), Float32Array.of(2), optimizer.init(1), round) // v = 2
    const second = optimizer.apply(first.params, Float32Array.of(1), first.state, round) // v = ½·2 + 1 = 2
    expect([first.params[0], second.params[0], second.state[0]]).toEqual([2, 4, 2])
  })
})

/** 100 rounds on (w₀² + 0.001·w₁²)/2 from (1, 1), of devices that take one gradient step of 0.1. */
function descend(optimizer: ServerOptimizer): Float32Array {
  let params = Float32Array.of(1, 1)
  let state = optimizer.init(2)
  for (let i = 0; i < 100; i++) {
    const meanDelta = Float32Array.of(-0.1 * params[0]!, -1e-4 * params[1]!)
    const next = optimizer.apply(params, meanDelta, state, round)
    params = Float32Array.from(next.params)
    state = next.state
  }
  return params
}

describe('params of small gradients, at a rate that the large ones bear', () => {
  it('stay where they are with sgd', () => {
    expect(descend(optimizers.sgd.make({ learningRate: 1 }))[1]).toBeCloseTo(0.99, 2) // (1 − 1e-4)^100
  })

  it('come ten times as far with momentum 0.9, and the large ones still to their end (FedAvgM)', () => {
    const [large, small] = descend(optimizers.sgd.make({ learningRate: 1, momentum: 0.9 }))
    // The speed is that of a rate of 1 / (1 − 0.9), nine rounds late: e^(−0.001 · 91). The large: 0.9^(100 / 2), times a wave.
    expect(small).toBeCloseTo(0.913, 2)
    expect(Math.abs(large!)).toBeLessThan(0.02)
  })
})

describe('the rate of a round', () => {
  it.each([
    ['linear', 2],
    ['sqrt', Math.SQRT2],
  ] as const)('grows with its updates: %s', (rule, factor) => {
    const optimizer = optimizers.sgd.make({ learningRate: 0.5, scaling: { rule, reference: 10 } })
    const moved = (numUpdates: number) =>
      optimizer.apply(Float32Array.of(0), Float32Array.of(1), new Float32Array(0), { numUpdates }).params[0]
    expect([moved(10), moved(20)]).toEqual([0.5, Math.fround(0.5 * factor)])
  })
})

describe('the adaptive optimizers (Reddi et al. 2021)', () => {
  const options = { learningRate: 0.1, beta1: 0.9, tau: 1e-3 }
  const adaptive = {
    adam: optimizers.adam.make({ ...options, beta2: 0.99 }),
    yogi: optimizers.yogi.make({ ...options, beta2: 0.99 }),
    adagrad: optimizers.adagrad.make(options),
  }
  type Name = keyof typeof adaptive

  // m = 0.1·Δ; v from τ² = 1e-6 and Δ² = 1; the step is 0.1·m / (√v + 0.001)
  it.each<[Name, number]>([
    ['adam', 0.99e-6 + 0.01],
    ['yogi', 1e-6 + 0.01],
    ['adagrad', 1e-6 + 1],
  ])('%s: the first step', (name, v) => {
    const optimizer = adaptive[name]
    const { params, state } = optimizer.apply(Float32Array.of(2), Float32Array.of(1), optimizer.init(1), round)
    expect(state[0]).toBeCloseTo(0.1, 7)
    expect(state[1]).toBeCloseTo(v, 7)
    expect(params[0]).toBeCloseTo(2 + 0.01 / (Math.sqrt(v) + 1e-3), 6)
  })

  it.each<[Name, number]>([
    ['adam', 0.99], // forgets
    ['yogi', 1], // by Δ² = 0 only
    ['adagrad', 1], // never
  ])('%s: what a round without movement leaves of the second moment', (name, share) => {
    const optimizer = adaptive[name]
    const first = optimizer.apply(Float32Array.of(0), Float32Array.of(1), optimizer.init(1), round).state
    const second = optimizer.apply(Float32Array.of(0), Float32Array.of(0), first, round).state
    expect(second[1]! / first[1]!).toBeCloseTo(share, 6)
    expect(second[0]! / first[0]!).toBeCloseTo(0.9, 6)
  })

  it.each(Object.keys(adaptive) as Name[])(
    '%s: params of small gradients come as far as those of large ones',
    (name) => {
      const optimizer = optimizers[name].make({ learningRate: 0.05, tau: 1e-6 })
      expect(Math.abs(descend(optimizer)[1]!)).toBeLessThan(0.5)
    },
  )
})
