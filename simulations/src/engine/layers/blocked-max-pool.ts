import type { GraphBuilder } from '../onnx/graph-builder.ts'
import { blockedOp } from './blocked.ts'
import type { Activation, Pass } from './layer.ts'

/**
 * The largest of each 2 × 2 of a blocked image. Of several the gradient goes to the first, row by row, as in tfjs: it is
 * the left one of two where that is no less than the right one, and of two such pairs the upper one likewise.
 */
export function blockedMaxPool(
  g: GraphBuilder,
  x: Activation,
  { block, outputShape }: { readonly block: number; readonly outputShape: readonly number[] },
): Pass {
  const y = pooled(g, x.name, [2, 2], [2, 2])
  return {
    y: { name: y, shape: outputShape, isBlocked: true },
    backward: (dy, needsInput) => ({ weights: {}, ...(needsInput && { input: gradient(g, x, { y, dy, block }) }) }),
  }
}

type Two = readonly [number, number]

const pooled = (g: GraphBuilder, x: string, kernel: Two, strides: Two): string =>
  g.op(blockedOp('MaxPool'), [x], { kernel_shape: kernel, strides })

function gradient(
  g: GraphBuilder,
  { name, shape }: Activation,
  { y, dy, block }: { readonly y: string; readonly dy: string; readonly block: number },
): string {
  const [height, width, channels] = shape as [number, number, number]
  const [rows, columns] = [Math.floor(height / 2), Math.floor(width / 2)]
  const image = (value: string, ...size: Two) => g.op('Reshape', [value, g.int([-1, channels, ...size])])
  const even = evenPart(g, name, shape, block)
  const pairs = pooled(g, even, [1, 2], [1, 2])
  const leftIsMore = atLeast(g, pooled(g, even, [1, 1], [1, 2]), pairs)
  const upperIsMore = atLeast(g, pooled(g, pairs, [1, 1], [2, 1]), y)
  const byPair = image(shared(g, dy, upperIsMore, columns * block), 2 * rows, columns)
  const gradient = shared(g, byPair, leftIsMore, block)
  if (height === 2 * rows && width === 2 * columns) return image(gradient, height, width)
  const blocks = g.op('Reshape', [gradient, g.int([-1, 2 * rows, 2 * columns, block])])
  const rest = g.int([0, 0, 0, 0, 0, height - 2 * rows, width - 2 * columns, 0])
  return image(g.op('Pad', [blocks, rest]), height, width)
}

/** Without a last row or column that no window reaches. */
function evenPart(g: GraphBuilder, x: string, shape: readonly number[], block: number): string {
  const [height, width, channels] = shape as [number, number, number]
  const size = [height - (height % 2), width - (width % 2)]
  if (size[0] === height && size[1] === width) return x
  const blocks = g.op('Reshape', [x, g.int([-1, height, width, block])])
  const part = g.op('Slice', [blocks, g.int([0, 0]), g.int(size), g.int([1, 2])])
  return g.op('Reshape', [part, g.int([-1, channels, ...size])])
}

/** 1 where the first is no less than the larger of both, else 0. */
const atLeast = (g: GraphBuilder, first: string, larger: string): string =>
  g.op('Cast', [g.op('GreaterOrEqual', [first, larger])], { to: 1 })

/** Each run of so many values becomes two: its share for the first, and the rest. */
function shared(g: GraphBuilder, dy: string, share: string, run: number): string {
  const first = g.op('Mul', [dy, share])
  const runs = (value: string) => g.op('Reshape', [value, g.int([-1, run])])
  return g.op('Concat', [runs(first), runs(g.op('Sub', [dy, first]))], { axis: 1 })
}
