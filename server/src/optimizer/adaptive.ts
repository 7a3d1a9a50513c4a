import { Type, type Static, type TObject } from 'typebox'
import type { ServerOptimizer } from '../strategy/strategy.ts'
import { learningRateOf, learningRateOptions } from './learning-rate.ts'

/** Options of every adaptive optimizer. Of the two decays adagrad has the first only. */
export const adaptiveOptions = {
  ...learningRateOptions,
  beta1: Type.Optional(
    Type.Number({ minimum: 0, exclusiveMaximum: 1, default: 0.9, description: 'share of the last step that goes on' }),
  ),
  tau: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      default: 1e-3,
      description: 'how adaptive it is not: params whose deltas are far below it move in proportion to them',
    }),
  ),
}

export const beta2Option = {
  beta2: Type.Optional(
    Type.Number({
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.99,
      description: 'share of the second moment that stays',
    }),
  ),
}

/** The second moment after a round, from the one before and the squared mean delta. */
export type SecondMoment = (before: number, squared: number) => number

/**
 * m ← β₁·m + (1 − β₁)·Δ, v ← secondMoment(v, Δ²), params ← params + η·m / (√v + τ): Algorithm 2 of the paper, with v = τ²
 * at first and no correction of either moment's bias. State: m and v, one after the other: [2 · size].
 * Source: Reddi et al. 2021, arXiv:2003.00295
 */
export const adaptive = (
  name: string,
  secondMoment: SecondMoment,
  { beta1 = 0.9, tau = 1e-3, ...rate }: Static<TObject<typeof adaptiveOptions>>,
): ServerOptimizer => ({
  name,
  init(size) {
    const state = new Float32Array(2 * size)
    state.fill(tau ** 2, size)
    return state
  },
  apply(params, meanDelta, state, { numUpdates }) {
    const size = params.length
    const learningRate = learningRateOf(rate, numUpdates)
    const next = { params: new Float32Array(size), state: new Float32Array(2 * size) }
    for (let i = 0; i < size; i++) {
      const delta = meanDelta[i]!
      const momentum = beta1 * state[i]! + (1 - beta1) * delta
      const moment = secondMoment(state[size + i]!, delta * delta)
      next.state[i] = momentum
      next.state[size + i] = moment
      next.params[i] = params[i]! + (learningRate * momentum) / (Math.sqrt(moment) + tau)
    }
    return next
  },
})
