import type { LocalOptimizer } from '@panal/client-core'
import type { GraphBuilder } from './onnx/graph-builder.ts'

export interface Moved {
  readonly weight: string
  readonly state: readonly string[]
}

/** One step of a local optimizer, in a graph: the same as client-core's of its name. */
export interface GraphOptimizer {
  /** Vectors of state for each weight, zero at first. */
  readonly numStates: number
  /** A step is the gradient times the rate, and nothing else: it can be added to the weight as it is computed. */
  readonly isDescent?: true
  move(
    g: GraphBuilder,
    of: { readonly weight: string; readonly gradient: string; readonly state: readonly string[] },
    /** Scalars: the learning rate, and how many steps were made before. */
    by: { readonly rate: string; readonly numBefore: string },
  ): Moved
}

const descend = (g: GraphBuilder, weight: string, direction: string, rate: string): string =>
  g.op('Sub', [weight, g.op('Mul', [direction, rate])])

const sgd: GraphOptimizer = {
  numStates: 0,
  isDescent: true,
  move: (g, { weight, gradient }, { rate }) => ({ weight: descend(g, weight, gradient, rate), state: [] }),
}

const momentumSgd = (momentum: number): GraphOptimizer => ({
  numStates: 1,
  move: (g, { weight, gradient, state: [velocity] }, { rate }) => {
    const next = g.op('Add', [g.op('Mul', [velocity!, g.float(momentum)]), gradient])
    return { weight: descend(g, weight, next, rate), state: [next] }
  },
})

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-7] as const

const adam = (weightDecay: number): GraphOptimizer => ({
  numStates: 2,
  move: (g, { weight, gradient, state: [first, second] }, { rate, numBefore }) => {
    const step = g.op('Add', [numBefore, g.float(1)])
    const correction = (beta: number) => g.op('Sub', [g.float(1), g.op('Pow', [g.float(beta), step])])
    const mix = (old: string, value: string, beta: number) =>
      g.op('Add', [g.op('Mul', [old, g.float(beta)]), g.op('Mul', [value, g.float(1 - beta)])])
    const [m, v] = [mix(first!, gradient, beta1), mix(second!, g.op('Mul', [gradient, gradient]), beta2)]
    const deviation = g.op('Add', [g.op('Sqrt', [g.op('Div', [v, correction(beta2)])]), g.float(epsilon)])
    const moved = descend(g, weight, g.op('Div', [m, deviation]), g.op('Div', [rate, correction(beta1)]))
    const decayed = (): string => descend(g, moved, weight, g.op('Mul', [rate, g.float(weightDecay)]))
    return { weight: weightDecay === 0 ? moved : decayed(), state: [m, v] }
  },
})

export function graphOptimizer(optimizer: LocalOptimizer): GraphOptimizer {
  if (optimizer.name === 'adam') return adam(optimizer.weightDecay ?? 0)
  const { momentum = 0 } = optimizer
  return momentum === 0 ? sgd : momentumSgd(momentum)
}
