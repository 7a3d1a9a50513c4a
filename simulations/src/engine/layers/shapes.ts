import type { GraphBuilder } from '../onnx/graph-builder.ts'
import { Uncompilable, weightless, type LayerCompiler } from './layer.ts'

const toChannelsLast = { perm: [0, 2, 3, 1] } as const
const toChannelsFirst = { perm: [0, 3, 1, 2] } as const

/** From a value of the graph to one whose values lie in tfjs's order, [n, …]. */
export function asInTfjs(g: GraphBuilder, name: string, shape: readonly number[]): string {
  return shape.length === 3 && shape[2] !== 1 ? g.op('Transpose', [name], toChannelsLast) : name
}

/** From values in tfjs's order, [n, anything], to a value of the graph of this shape. */
export function asInGraph(g: GraphBuilder, name: string, shape: readonly number[]): string {
  if (shape.length === 1) return g.op('Reshape', [name, g.int([-1, shape[0]!])])
  const [height, width, channels] = shape as [number, number, number]
  if (channels === 1) return g.op('Reshape', [name, g.int([-1, 1, height, width])])
  return g.op('Transpose', [g.op('Reshape', [name, g.int([-1, height, width, channels])])], toChannelsFirst)
}

/** `Flatten` and `Reshape`: the same values in the same order, as tfjs has them. */
export const reshape: LayerCompiler = ({ inputShape, outputShape }) => {
  for (const shape of [inputShape, outputShape])
    if (shape.length !== 1 && shape.length !== 3) throw new Uncompilable(`examples of ${shape.length} axes`)
  return weightless(outputShape, (g, x) => ({
    y: asInGraph(g, asInTfjs(g, x, inputShape), outputShape),
    gradient: (dy) => asInGraph(g, asInTfjs(g, dy, outputShape), inputShape),
  }))
}
