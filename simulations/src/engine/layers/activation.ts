import { activationOf } from './activations.ts'
import { asRows, fromRows } from './shapes.ts'
import { Uncompilable, weightless, type LayerCompiler } from './layer.ts'

const ofActivation =
  (name: (config: Readonly<Record<string, unknown>>) => unknown): LayerCompiler =>
  ({ config, outputShape: shape }) => {
    const activation = activationOf(name(config))
    return weightless(
      shape,
      (g, value) => {
        const x = asRows(g, value, shape)
        const y = activation.apply(g, x)
        const gradient = (dy: string) => fromRows(g, activation.gradient(g, { x, y, dy: asRows(g, dy, shape) }), shape)
        return { y: fromRows(g, y, shape), gradient }
      },
      { elementwise: activation.isElementwise !== false },
    )
  }

/** A layer that is an activation by itself. */
export const activation = ofActivation(({ activation: name }) => name)

export const relu: LayerCompiler = (spec) => {
  const { maxValue, max_value: max = maxValue } = spec.config
  if (max !== undefined && max !== null && max !== 6) throw new Uncompilable('a ReLU that ends elsewhere than at 6')
  return ofActivation(() => (max === 6 ? 'relu6' : 'relu'))(spec)
}

/** x where it is positive, else so many times x. */
export const leakyRelu: LayerCompiler = ({ config, outputShape }) => {
  const alpha = { float: Number(config['alpha'] ?? 0.3) }
  return weightless(
    outputShape,
    (g, x) => ({
      y: g.op('LeakyRelu', [x], { alpha }),
      gradient: (dy) => g.op('Where', [g.op('Greater', [x, g.float(0)]), dy, g.op('Mul', [dy, g.float(alpha.float)])]),
    }),
    { elementwise: true },
  )
}

export const elu: LayerCompiler = (spec) => {
  const { alpha = 1 } = spec.config
  if (alpha !== 1) throw new Uncompilable(`an ELU whose alpha is ${String(alpha)}`)
  return ofActivation(() => 'elu')(spec)
}

export const softmax: LayerCompiler = (spec) => {
  const { axis = -1 } = spec.config
  if (axis !== -1 && axis !== spec.inputShape.length) throw new Uncompilable(`a softmax over axis ${String(axis)}`)
  return ofActivation(() => 'softmax')(spec)
}
