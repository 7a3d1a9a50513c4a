import { activationOf } from './activations.ts'
import { Uncompilable, weightless, type LayerCompiler } from './layer.ts'

const ofActivation =
  (name: (config: Readonly<Record<string, unknown>>) => unknown): LayerCompiler =>
  ({ config, outputShape }) => {
    const activation = activationOf(name(config))
    return weightless(
      outputShape,
      (g, x) => {
        const y = activation.apply(g, x)
        return { y, gradient: (dy) => activation.gradient(g, { x, y, dy }) }
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
