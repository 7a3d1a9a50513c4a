import {
  add,
  div,
  mul,
  sqrt,
  square,
  sub,
  tidy,
  variable,
  zerosLike,
  type NamedTensorMap,
  type Tensor,
  type Variable,
} from '@tensorflow/tfjs-core'
import type { Plan } from '../protocol/task.ts'

/** An optimizer and its state, fresh every round: the server's averaging leaves the path that the state describes. */
export interface OptimizerRun {
  /** Moves each variable that has a gradient, by name. Call inside `tidy`. */
  apply(grads: NamedTensorMap): void
  dispose(): void
}

/** A vector of state for each variable, zero at first; as variables, because those outlive `tidy`. */
function zeroState(variables: readonly Variable[]): { of(v: Variable): Variable; dispose(): void } {
  const states = new Map(variables.map((v) => [v.name, tidy(() => variable(zerosLike(v), false))]))
  return { of: (v) => states.get(v.name)!, dispose: () => states.forEach((state) => state.dispose()) }
}

const moveEach = (variables: readonly Variable[], grads: NamedTensorMap, step: (v: Variable, g: Tensor) => Tensor) => {
  for (const v of variables) {
    const gradient = grads[v.name]
    if (gradient !== undefined) v.assign(sub(v, step(v, gradient)))
  }
}

const sgd = (variables: readonly Variable[], learningRate: number): OptimizerRun => ({
  apply: (grads) => moveEach(variables, grads, (_v, g) => mul(g, learningRate)),
  dispose: () => undefined,
})

/** velocity = m · velocity + g; w −= learningRate · velocity. Polyak 1964, as PyTorch and tfjs write it. */
function momentumSgd(variables: readonly Variable[], learningRate: number, momentum: number): OptimizerRun {
  const velocity = zeroState(variables)
  return {
    apply: (grads) =>
      moveEach(variables, grads, (v, g) => {
        velocity.of(v).assign(add(mul(velocity.of(v), momentum), g))
        return mul(velocity.of(v), learningRate)
      }),
    dispose: () => velocity.dispose(),
  }
}

/**
 * Kingma and Ba 2015, arXiv:1412.6980, Algorithm 1: β₁ 0.9, β₂ 0.999, ε 1e-7; with weight decay Loshchilov and Hutter 2019,
 * arXiv:1711.05101, as PyTorch's AdamW has it.
 */
function adam(variables: readonly Variable[], learningRate: number, weightDecay: number): OptimizerRun {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-7]
  const first = zeroState(variables)
  const second = zeroState(variables)
  let step = 0
  return {
    apply(grads) {
      step++
      const [correction1, correction2] = [1 - beta1 ** step, 1 - beta2 ** step]
      moveEach(variables, grads, (v, g) => {
        first.of(v).assign(add(mul(first.of(v), beta1), mul(g, 1 - beta1)))
        second.of(v).assign(add(mul(second.of(v), beta2), mul(square(g), 1 - beta2)))
        const deviation = add(sqrt(mul(second.of(v), 1 / correction2)), epsilon)
        const move = mul(div(first.of(v), deviation), learningRate / correction1)
        return weightDecay === 0 ? move : add(move, mul(v, learningRate * weightDecay))
      })
    },
    dispose() {
      first.dispose()
      second.dispose()
    },
  }
}

/** Ours, not tfjs's: its momentum optimizer never disposes its learning rate, one tensor a round for ever. */
export function startOptimizer(variables: readonly Variable[], { learningRate, optimizer }: Plan): OptimizerRun {
  if (optimizer.name === 'adam') return adam(variables, learningRate, optimizer.weightDecay ?? 0)
  const { momentum = 0 } = optimizer
  return momentum === 0 ? sgd(variables, learningRate) : momentumSgd(variables, learningRate, momentum)
}
