import { activationOf } from './activations.ts'
import { asRows, fromRows } from './shapes.ts'
import { Uncompilable, type LayerCompiler } from './layer.ts'

/** y = f(x·W + b), of a sequence at each time. ∂W = xᵀ·∂z, ∂b = Σ ∂z, ∂x = ∂z·Wᵀ. */
export const dense: LayerCompiler = ({ config, inputShape, outputShape }) => {
  if (inputShape.length > 2) throw new Uncompilable('a dense layer over images')
  const { useBias = true, use_bias: hasBias = useBias } = config
  const activation = activationOf(config['activation'])
  return {
    fuses: ['kernel'],
    pass(g, x, weight) {
      const kernel = weight('kernel')
      const rows = asRows(g, x.name, inputShape)
      const z = g.op('Gemm', [rows, kernel, ...(hasBias ? [weight('bias')] : [])])
      const y = activation.apply(g, z)
      return {
        y: { name: fromRows(g, y, outputShape), shape: outputShape },
        backward(dy, needsInput, { kernel: sum } = {}) {
          const dz = activation.gradient(g, { x: z, y, dy: asRows(g, dy, outputShape) })
          return {
            weights: {
              kernel: g.op('Gemm', [rows, dz, ...(sum === undefined ? [] : [sum])], { transA: 1 }),
              ...(hasBias === true && { bias: g.op('ReduceSum', [dz, g.int([0])], { keepdims: 0 }) }),
            },
            ...(needsInput && { input: fromRows(g, g.op('Gemm', [dz, kernel], { transB: 1 }), inputShape) }),
          }
        },
      }
    },
  }
}
