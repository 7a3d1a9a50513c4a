import { describe, expect, it } from '@jest/globals'
import { optimizers } from '@panal/server'

/** Each optimizer with settings that have state and settings that have none. */
const cases = {
  sgd: [optimizers.sgd.make({ learningRate: 0.5 }), optimizers.sgd.make({ learningRate: 0.5, momentum: 0.9 })],
} as const satisfies Record<keyof typeof optimizers, unknown>

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
      const next = optimizer.apply(params, meanDelta, state)
      expect([params, meanDelta, state]).toEqual([Float32Array.of(1, 2), Float32Array.of(0.5, -1), held])
      expect([next.params.length, next.state.length]).toEqual([2, state.length])
    }
  })

  it('a zero mean delta from a fresh state moves nothing', () => {
    for (const optimizer of instances) {
      const { params } = optimizer.apply(Float32Array.of(1, 2), new Float32Array(2), optimizer.init(2))
      expect(params).toEqual(Float32Array.of(1, 2))
    }
  })
})

describe('sgd', () => {
  it('adds the mean delta, scaled', () => {
    const { params } = optimizers.sgd
      .make({ learningRate: 0.5 })
      .apply(Float32Array.of(1, 2), Float32Array.of(4, -2), new Float32Array(0))
    expect(params).toEqual(Float32Array.of(3, 1)) // 1 + ½·4, 2 − ½·2
  })

  it('with momentum 0.5 carries half of the last step on (Hsu et al. 2019)', () => {
    const optimizer = optimizers.sgd.make({ learningRate: 1, momentum: 0.5 })
    const first = optimizer.apply(Float32Array.of(0), Float32Array.of(2), optimizer.init(1)) // v = 2
    const second = optimizer.apply(first.params, Float32Array.of(1), first.state) // v = ½·2 + 1 = 2
    expect([first.params[0], second.params[0], second.state[0]]).toEqual([2, 4, 2])
  })
})
