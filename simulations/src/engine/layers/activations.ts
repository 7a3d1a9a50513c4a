import type { GraphBuilder } from '../onnx/graph-builder.ts'
import { Uncompilable } from './layer.ts'

/** A function of each value by itself (of softmax: of each row), and its gradient. */
interface ActivationFunction {
  /** Takes values in any order. */
  readonly isElementwise?: false
  apply(g: GraphBuilder, x: string): string
  /** By x, given that by y. */
  gradient(g: GraphBuilder, of: { readonly x: string; readonly y: string; readonly dy: string }): string
}

const isPositive = (g: GraphBuilder, x: string): string => g.op('Greater', [x, g.float(0)])

/** tfjs's: Klambauer et al. 2017, arXiv:1706.02515 */
const selu = { alpha: 1.6732632423543772, scale: 1.0507009873554805 } as const

const activations: Readonly<Record<string, ActivationFunction>> = {
  linear: { apply: (_g, x) => x, gradient: (_g, { dy }) => dy },
  relu: {
    apply: (g, x) => g.op('Relu', [x]),
    gradient: (g, { y, dy }) => g.op('Where', [isPositive(g, y), dy, g.float(0)]),
  },
  relu6: {
    apply: (g, x) => g.op('Clip', [x, g.float(0), g.float(6)]),
    gradient: (g, { x, dy }) =>
      g.op('Where', [g.op('And', [isPositive(g, x), g.op('LessOrEqual', [x, g.float(6)])]), dy, g.float(0)]),
  },
  elu: {
    apply: (g, x) => g.op('Elu', [x], { alpha: { float: 1 } }),
    gradient: (g, { x, y, dy }) =>
      g.op('Where', [isPositive(g, x), dy, g.op('Mul', [dy, g.op('Add', [y, g.float(1)])])]),
  },
  selu: {
    apply: (g, x) => g.op('Selu', [x], { alpha: { float: selu.alpha }, gamma: { float: selu.scale } }),
    gradient: (g, { x, y, dy }) =>
      g.op('Where', [
        isPositive(g, x),
        g.op('Mul', [dy, g.float(selu.scale)]),
        g.op('Mul', [dy, g.op('Add', [y, g.float(selu.scale * selu.alpha)])]),
      ]),
  },
  // x·Φ(x), exact. Hendrycks and Gimpel 2016, arXiv:1606.08415
  gelu: {
    apply: (g, x) => g.op('Mul', [x, normalCdf(g, x)]),
    gradient: (g, { x, dy }) => {
      const square = g.op('Mul', [x, x])
      const density = g.op('Mul', [
        g.op('Exp', [g.op('Mul', [square, g.float(-0.5)])]),
        g.float(1 / Math.sqrt(2 * Math.PI)),
      ])
      return g.op('Mul', [dy, g.op('Add', [normalCdf(g, x), g.op('Mul', [x, density])])])
    },
  },
  hard_sigmoid: {
    apply: (g, x) => g.op('Clip', [hardSlope(g, x), g.float(0), g.float(1)]),
    gradient: (g, { x, dy }) => {
      const line = hardSlope(g, x)
      const isInside = g.op('And', [
        g.op('GreaterOrEqual', [line, g.float(0)]),
        g.op('LessOrEqual', [line, g.float(1)]),
      ])
      return g.op('Where', [isInside, g.op('Mul', [dy, g.float(0.2)]), g.float(0)])
    },
  },
  softsign: {
    apply: (g, x) => g.op('Softsign', [x]),
    gradient: (g, { x, dy }) => {
      const scale = g.op('Add', [g.op('Abs', [x]), g.float(1)])
      return g.op('Div', [dy, g.op('Mul', [scale, scale])])
    },
  },
  tanh: {
    apply: (g, x) => g.op('Tanh', [x]),
    gradient: (g, { y, dy }) => g.op('Mul', [dy, g.op('Sub', [g.float(1), g.op('Mul', [y, y])])]),
  },
  sigmoid: {
    apply: (g, x) => g.op('Sigmoid', [x]),
    gradient: (g, { y, dy }) => g.op('Mul', [dy, g.op('Mul', [y, g.op('Sub', [g.float(1), y])])]),
  },
  softplus: {
    apply: (g, x) => g.op('Softplus', [x]),
    gradient: (g, { x, dy }) => g.op('Mul', [dy, g.op('Sigmoid', [x])]),
  },
  swish: {
    apply: (g, x) => g.op('Mul', [x, g.op('Sigmoid', [x])]),
    gradient: (g, { x, y, dy }) => {
      const s = g.op('Sigmoid', [x])
      return g.op('Mul', [dy, g.op('Add', [s, g.op('Mul', [y, g.op('Sub', [g.float(1), s])])])])
    },
  },
  // Over the channels of images: they are the second axis in the graph, as features are. Sequences come as rows.
  softmax: {
    isElementwise: false,
    apply: (g, x) => g.op('Softmax', [x], { axis: 1 }),
    gradient: (g, { y, dy }) => {
      const mean = g.op('ReduceSum', [g.op('Mul', [dy, y]), g.int([1])], { keepdims: 1 })
      return g.op('Mul', [y, g.op('Sub', [dy, mean])])
    },
  },
}

/** 0.2·x + 0.5, which a hard sigmoid cuts at 0 and 1. */
const hardSlope = (g: GraphBuilder, x: string): string => g.op('Add', [g.op('Mul', [x, g.float(0.2)]), g.float(0.5)])

function normalCdf(g: GraphBuilder, x: string): string {
  const erf = g.op('Erf', [g.op('Mul', [x, g.float(Math.SQRT1_2)])])
  return g.op('Mul', [g.op('Add', [erf, g.float(1)]), g.float(0.5)])
}

/** By the name that a topology has for it. @throws Uncompilable where there is none */
export function activationOf(name: unknown): ActivationFunction {
  const known =
    typeof name === 'string'
      ? activations[name === 'hardSigmoid' ? 'hard_sigmoid' : name]
      : name === undefined || name === null
        ? activations['linear']
        : undefined
  if (known === undefined) throw new Uncompilable(`activation ${String(name)} is not compiled`)
  return known
}
