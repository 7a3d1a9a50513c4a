import { Uncompilable, type LayerCompiler } from './layer.ts'

/** A row of the table for each number, which is rounded towards 0. The gradient of a row is the sum over where it was looked up. */
export const embedding: LayerCompiler = ({ config, inputShape, outputShape }) => {
  const { maskZero, mask_zero: masks = maskZero } = config
  if (masks === true) throw new Uncompilable('an embedding that masks zeros')
  if (inputShape.length !== 1) throw new Uncompilable('an embedding of more than one axis')
  const width = outputShape[1]!
  return {
    fuses: ['embeddings'],
    pass(g, x, weight) {
      const table = weight('embeddings')
      const rows = g.op('Cast', [x.name], { to: 7 })
      return {
        y: { name: g.op('Gather', [table, rows], { axis: 0 }), shape: outputShape },
        backward: (dy, needsInput, { embeddings: sum = g.op('Mul', [table, g.float(0)]) } = {}) => {
          const places = g.op('Reshape', [rows, g.int([-1, 1])])
          const updates = g.op('Reshape', [dy, g.int([-1, width])])
          return {
            weights: { embeddings: g.op('ScatterND', [sum, places, updates], { reduction: 'add' }) },
            ...(needsInput && { input: g.op('Mul', [x.name, g.float(0)]) }),
          }
        },
      }
    },
  }
}
