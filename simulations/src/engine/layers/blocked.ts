import { InferenceSession, Tensor } from 'onnxruntime-node'
import { GraphBuilder } from '../onnx/graph-builder.ts'
import { encodeModel } from '../onnx/model-proto.ts'

/**
 * Images whose channels lie in blocks as wide as a vector register: [n, channels / block, height, width, block], though the
 * graph calls them [n, channels, height, width]. onnxruntime has operators for them that it puts in where a convolution's
 * filter is constant; in training it is not, so we do. They convolve at the speed of the machine, without im2col.
 * Source: onnxruntime, contrib_ops/cpu/nchwc_ops.cc and mlas/lib/snchwc.cpp
 */
export const blockedOp = (name: string): string => `com.microsoft.nchwc.${name}`

export const toBlocked = (g: GraphBuilder, x: string): string => g.op(blockedOp('ReorderInput'), [x])

export const toPlain = (g: GraphBuilder, x: string, channels: number): string =>
  g.op(blockedOp('ReorderOutput'), [x], { channels })

/** To and from tfjs's [n, height, width, channels]. */
export const fromChannelsLast = (g: GraphBuilder, x: string): string =>
  g.op(blockedOp('ReorderInput'), [x], { channels_last: 1 })

export const toChannelsLast = (g: GraphBuilder, x: string, channels: number): string =>
  g.op(blockedOp('ReorderOutput'), [x], { channels, channels_last: 1 })

let known: Promise<number> | undefined

/** How many channels lie in a block on this machine: 16 with AVX-512, 8 with AVX2; 0 where onnxruntime has no blocks. */
export function channelBlock(): Promise<number> {
  known ??= findBlock().catch(() => 0)
  return known
}

/** Four channels are filled up to a whole block. */
async function findBlock(): Promise<number> {
  const g = new GraphBuilder()
  const blocked = toBlocked(g, g.input('float32', [1, 4, 1, 1], 'x'))
  const graph = g.build([{ name: blocked, type: 'float32', dims: [1, 'C', 1, 1] }])
  const session = await InferenceSession.create(encodeModel(graph), { logSeverityLevel: 4 })
  const found = await session.run({ x: new Tensor('float32', new Float32Array(4), [1, 4, 1, 1]) })
  await session.release()
  const channels = found[blocked]!.dims[1]!
  return channels > 4 ? channels : 0
}
