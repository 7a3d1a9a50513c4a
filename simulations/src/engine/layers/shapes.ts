import type { GraphBuilder } from '../onnx/graph-builder.ts'
import { fromChannelsLast, toChannelsLast } from './blocked.ts'
import { Uncompilable, type LayerCompiler } from './layer.ts'

const channelsLast = { perm: [0, 2, 3, 1] } as const
const channelsFirst = { perm: [0, 3, 1, 2] } as const

/** From a value of the graph to one whose values lie in tfjs's order, [n, …]. */
export function asInTfjs(g: GraphBuilder, name: string, shape: readonly number[]): string {
  return shape.length === 3 && shape[2] !== 1 ? g.op('Transpose', [name], channelsLast) : name
}

/** From values in tfjs's order, [n, anything], to a value of the graph of this shape. */
export function asInGraph(g: GraphBuilder, name: string, shape: readonly number[]): string {
  if (shape.length < 3) return g.op('Reshape', [name, g.int([-1, ...shape])])
  const [height, width, channels] = shape as [number, number, number]
  if (channels === 1) return g.op('Reshape', [name, g.int([-1, 1, height, width])])
  return g.op('Transpose', [g.op('Reshape', [name, g.int([-1, height, width, channels])])], channelsFirst)
}

/** A sequence's times as rows [n · times, features]; other values as they are. */
export const asRows = (g: GraphBuilder, name: string, shape: readonly number[]): string =>
  shape.length === 2 ? g.op('Reshape', [name, g.int([-1, shape[1]!])]) : name

/** The reverse of `asRows`. */
export const fromRows = (g: GraphBuilder, name: string, shape: readonly number[]): string =>
  shape.length === 2 ? g.op('Reshape', [name, g.int([-1, ...shape])]) : name

/** `Flatten` and `Reshape`: the same values in the same order, as tfjs has them. */
export const reshape: LayerCompiler = ({ inputShape, outputShape }) => {
  for (const shape of [inputShape, outputShape])
    if (shape.length < 1 || shape.length > 3) throw new Uncompilable(`examples of ${shape.length} axes`)
  return {
    takesBlocked: true,
    pass(g, x) {
      const isBlocked = x.isBlocked === true
      const values = isBlocked ? toChannelsLast(g, x.name, inputShape[2]!) : asInTfjs(g, x.name, inputShape)
      const back = (dy: string): string => {
        const given = asInTfjs(g, dy, outputShape)
        if (!isBlocked) return asInGraph(g, given, inputShape)
        return fromChannelsLast(g, g.op('Reshape', [given, g.int([-1, ...inputShape])]))
      }
      return {
        y: { name: asInGraph(g, values, outputShape), shape: outputShape },
        backward: (dy, needsInput) => ({ weights: {}, ...(needsInput && { input: back(dy) }) }),
      }
    },
  }
}
