import { activationOf } from './activations.ts'
import { Uncompilable, type LayerCompiler } from './layer.ts'

/** y = f(x·W + b). ∂W = xᵀ·∂z, ∂b = Σ ∂z, ∂x = ∂z·Wᵀ. */
export const dense: LayerCompiler = ({ config, inputShape, outputShape }) => {
  if (inputShape.length !== 1) throw new Uncompilable('a dense layer over more than one axis')
  const { useBias = true, use_bias: hasBias = useBias } = config
  const activation = activationOf(config['activation'])
  return {
    fuses: ['kernel'],
    pass(g, x, weight) {
      const kernel = weight('kernel')
      const z = g.op('Gemm', [x.name, kernel, ...(hasBias ? [weight('bias')] : [])])
      const y = activation.apply(g, z)
      return {
        y: { name: y, shape: outputShape },
        backward(dy, needsInput, { kernel: sum } = {}) {
          const dz = activation.gradient(g, { x: z, y, dy })
          return {
            weights: {
              kernel: g.op('Gemm', [x.name, dz, ...(sum === undefined ? [] : [sum])], { transA: 1 }),
              ...(hasBias === true && { bias: g.op('ReduceSum', [dz, g.int([0])], { keepdims: 0 }) }),
            },
            ...(needsInput && { input: g.op('Gemm', [dz, kernel], { transB: 1 }) }),
          }
        },
      }
    },
  }
}
