import type { GraphBuilder } from '../onnx/graph-builder.ts'
import { blockedOp, toBlocked, toPlain } from './blocked.ts'
import { convolveBack, type CompiledLayer, type Gradients, type Slid, type WeightForm } from './layer.ts'
import type { activationOf } from './activations.ts'

const swapped = { perm: [1, 0, 2, 3] } as const

/** A convolution of stride 1 to blocked images. */
export interface BlockedConvolution extends Slid {
  readonly block: number
  readonly hasBias: boolean
  readonly activation: ReturnType<typeof activationOf>
}

/** Inputs of fewer channels than a block are taken as they are. */
const isNarrow = ({ inputShape, block }: BlockedConvolution): boolean => inputShape[2]! < block

export const canBeBlocked = (inputs: number, outputs: number, block: number): boolean =>
  block > 0 && outputs % block === 0 && (inputs < block || inputs % block === 0)

/** Filters lie in blocks, too: [out / block, in / block, height, width, in's block, out's block], or with all of `in` second. */
function formOf(of: BlockedConvolution): WeightForm {
  const { inputShape, outputShape, block, window } = of
  const { kernel } = window
  const [inputs, outputs] = [inputShape[2]!, outputShape[2]!]
  const dims = [outputs, inputs, ...kernel]
  return isNarrow(of)
    ? { from: [...kernel, inputs, outputs / block, block], perm: [3, 2, 0, 1, 4], dims }
    : { from: [...kernel, inputs / block, block, outputs / block, block], perm: [4, 2, 0, 1, 3, 5], dims }
}

export const blockedConv2d = (of: BlockedConvolution): CompiledLayer => ({
  forms: { kernel: formOf(of) },
  takesBlocked: true,
  pass(g, x, weight, mode) {
    const { activation, hasBias, outputShape, window } = of
    const { kernel, pads } = window
    const filter = weight('kernel')
    const given = x.isBlocked === true || isNarrow(of) ? x.name : toBlocked(g, x.name)
    const bias = hasBias ? [weight('bias')] : []
    const z = g.op(blockedOp('Conv'), [given, filter, ...bias], { kernel_shape: kernel, pads })
    const y = activation.apply(g, z)
    return {
      y: { name: y, shape: outputShape, isBlocked: true },
      backward(dy, needsInput): Gradients {
        if (mode === 'prediction') throw new Error('a prediction has no gradients')
        const dz = activation.gradient(g, { x: z, y, dy })
        const input = (): string => {
          if (isNarrow(of)) return narrowInputGradient(g, of, dz, filter)
          const blocked = inputGradient(g, of, dz, filter)
          return x.isBlocked === true ? blocked : toPlain(g, blocked, of.inputShape[2]!)
        }
        return {
          weights: {
            kernel: filterGradient(g, of, { x: given, dz, batchSize: mode.batchSize }),
            ...(hasBias && { bias: channelSums(g, of, dz) }),
          },
          ...(needsInput && { input: input() }),
        }
      },
    }
  },
})

/** The convolution of ∂z by the filter turned around, with the channels' places changed. */
function inputGradient(g: GraphBuilder, of: BlockedConvolution, dz: string, filter: string): string {
  const { block, inputShape, outputShape, window } = of
  const { kernel, pads } = window
  const [inputs, outputs] = [inputShape[2]!, outputShape[2]!]
  const numPlaces = kernel[0] * kernel[1]
  const places = g.op('Reshape', [filter, g.int([outputs / block, inputs / block, numPlaces, block, block])])
  const around = g.op('Gather', [places, g.int(Array.from({ length: numPlaces }, (_, i) => numPlaces - 1 - i))], {
    axis: 2,
  })
  // One axis at a time: onnxruntime does that several times faster than both at once.
  const blocks = g.op('Transpose', [g.op('Reshape', [around, g.int([-1, block, block])])], { perm: [0, 2, 1] })
  const images = g.op('Reshape', [blocks, g.int([outputs / block, inputs / block, numPlaces * block * block])])
  const turned = g.op('Transpose', [images], { perm: [1, 0, 2] })
  const back = g.op('Reshape', [turned, g.int([inputs, outputs, ...kernel])])
  const [top, left, bottom, right] = pads
  return g.op(blockedOp('Conv'), [dz, back], {
    kernel_shape: kernel,
    pads: [kernel[0] - 1 - top, kernel[1] - 1 - left, kernel[0] - 1 - bottom, kernel[1] - 1 - right],
  })
}

/** Images of so few channels are not blocked, nor is their gradient. */
function narrowInputGradient(g: GraphBuilder, of: BlockedConvolution, dz: string, filter: string): string {
  const { block, inputShape, outputShape, window } = of
  const [inputs, outputs] = [inputShape[2]!, outputShape[2]!]
  const blocks = g.op('Reshape', [filter, g.int([outputs / block, inputs, ...window.kernel, block])])
  const turned = g.op('Transpose', [blocks], { perm: [0, 4, 1, 2, 3] })
  const plain = g.op('Reshape', [turned, g.int([outputs, inputs, ...window.kernel])])
  return convolveBack(g, [toPlain(g, dz, outputs), plain], of)
}

/**
 * The convolution of x by ∂z over the examples, which take the place of channels: few of them are taken as they are, many are
 * filled up to whole blocks with zeros. Of ∂z only whole images change places, for it lies as a filter does already.
 */
function filterGradient(
  g: GraphBuilder,
  of: BlockedConvolution,
  { x, dz, batchSize }: { readonly x: string; readonly dz: string; readonly batchSize: number },
): string {
  const { block, inputShape, outputShape, window } = of
  const { kernel, pads } = window
  const [inputs, outputs] = [inputShape[2]!, outputShape[2]!]
  const [height, width] = outputShape as [number, number]
  const [top, left, bottom, right] = pads
  const byChannel = g.op('Transpose', [isNarrow(of) ? x : toPlain(g, x, inputs)], swapped)
  const asFilter = (value: string) => g.op('Reshape', [value, g.int([outputs, -1, height, width])])
  const convolve = (given: string, filter: string) =>
    g.op(blockedOp('Conv'), [given, filter], { kernel_shape: [height, width] })
  let gradient: string // [in, out / block, height, width, block]
  if (batchSize < block) {
    const padded = g.op('Pad', [byChannel, g.int([0, 0, top, left, 0, 0, bottom, right])])
    const images = g.op('Reshape', [dz, g.int([-1, outputs / block, height * width * block])])
    gradient = convolve(padded, asFilter(g.op('Transpose', [images], { perm: [1, 0, 2] })))
  } else {
    const count = g.op('Shape', [dz], { start: 0, end: 1 })
    const missing = g.op('Mod', [g.op('Neg', [count]), g.int([block])])
    const ends = g.op('Concat', [g.int([0, 0, top, left, 0]), missing, g.int([bottom, right])], { axis: 0 })
    const padded = g.op('Pad', [byChannel, ends])
    const filled = g.op('Pad', [dz, g.op('Concat', [g.int([0, 0, 0, 0]), missing, g.int([0, 0, 0])], { axis: 0 })])
    const images = g.op('Reshape', [filled, g.int([-1, block, outputs / block, height * width, block])])
    const turned = g.op('Transpose', [images], { perm: [2, 0, 3, 1, 4] })
    gradient = convolve(toBlocked(g, padded), asFilter(turned))
  }
  const numPlaces = kernel[0] * kernel[1]
  const turned = isNarrow(of)
    ? g.op('Transpose', [g.op('Reshape', [gradient, g.int([inputs, outputs / block, numPlaces * block])])], {
        perm: [1, 0, 2],
      })
    : g.op(
        'Transpose',
        [g.op('Reshape', [gradient, g.int([inputs / block, block, outputs / block, numPlaces, block])])],
        { perm: [2, 0, 3, 1, 4] },
      )
  return g.op('Reshape', [turned, g.int([outputs, inputs, ...kernel])])
}

/** [channels] of a blocked image: first over each image, which is many times faster than over all at once. */
function channelSums(g: GraphBuilder, { block, outputShape }: BlockedConvolution, dz: string): string {
  const [height, width, channels] = outputShape as [number, number, number]
  const sum = (value: string, axis: number) => g.op('ReduceSum', [value, g.int([axis])], { keepdims: 0 })
  const ofImages = sum(g.op('Reshape', [dz, g.int([-1, height * width, block])]), 1)
  return sum(g.op('Reshape', [ofImages, g.int([-1, channels])]), 0)
}
