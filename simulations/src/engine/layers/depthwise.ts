import type { GraphBuilder } from '../onnx/graph-builder.ts'
import { activationOf } from './activations.ts'
import { conv2d } from './conv2d.ts'
import { convolveBack, pair, Uncompilable, windowOf, type LayerCompiler, type LayerSpec, type Slid } from './layer.ts'

interface Depthwise extends Slid {
  /** Channels of the input; filters for each. */
  readonly inputs: number
  readonly multiplier: number
}

function depthwiseOf(spec: LayerSpec): Depthwise {
  const { config, inputShape, outputShape } = spec
  const { kernelSize, kernel_size: size = kernelSize, dilationRate, dilation_rate: dilation = dilationRate } = config
  // A separable layer's config does not have it.
  const multiplier = spec.weightShapes['depthwise_kernel']![3]!
  if (pair(dilation, 1).some((rate) => rate !== 1)) throw new Uncompilable('a convolution with dilation')
  const window = windowOf(spec, pair(size, 1), pair(config['strides'], 1))
  return { window, inputs: inputShape[2]!, multiplier, inputShape, outputShape }
}

const formOf = ({ inputs, multiplier, window: { kernel } }: Depthwise) => ({
  perm: [2, 3, 0, 1],
  dims: [inputs * multiplier, 1, ...kernel],
})

const convolve = (g: GraphBuilder, { window, inputs }: Depthwise, given: readonly string[]): string => {
  const { kernel, strides, pads } = window
  return g.op('Conv', given, { kernel_shape: kernel, strides, pads, group: inputs })
}

/** By the filter: for each of its places the products of what it saw and ∂z, summed. */
function filterGradient(
  g: GraphBuilder,
  of: Depthwise,
  { x, dz }: { readonly x: string; readonly dz: string },
): string {
  const { window, inputs, multiplier, outputShape } = of
  const { kernel, strides, pads } = window
  const [height, width] = outputShape as [number, number]
  const [top, left, bottom, right] = pads
  const padded = g.op('Pad', [x, g.int([0, 0, top, left, 0, 0, bottom, right])])
  const byChannel = g.op('Reshape', [dz, g.int([-1, inputs, multiplier, height, width])])
  const places = Array.from({ length: kernel[0] * kernel[1] }, (_, i) => [Math.floor(i / kernel[1]), i % kernel[1]])
  const sums = places.map(([row, column]) => {
    const ends = [row! + strides[0] * (height - 1) + 1, column! + strides[1] * (width - 1) + 1]
    const seen = g.op('Slice', [padded, g.int([row!, column!]), g.int(ends), g.int([2, 3]), g.int([...strides])])
    const products = g.op('Mul', [g.op('Unsqueeze', [seen, g.int([2])]), byChannel])
    return g.op('ReduceSum', [products, g.int([0, 3, 4])], { keepdims: 0 })
  })
  const all = g.op(
    'Concat',
    sums.map((sum) => g.op('Unsqueeze', [sum, g.int([2])])),
    { axis: 2 },
  )
  return g.op('Reshape', [all, g.int([inputs * multiplier, 1, ...kernel])])
}

/** Each channel has filters of its own. */
export const depthwiseConv2d: LayerCompiler = (spec) => {
  const { config, outputShape } = spec
  const { useBias = true, use_bias: hasBias = useBias } = config
  const activation = activationOf(config['activation'])
  const own = depthwiseOf(spec)
  return {
    forms: { depthwise_kernel: formOf(own) },
    pass(g, x, weight) {
      const filter = weight('depthwise_kernel')
      const z = convolve(g, own, [x.name, filter, ...(hasBias === true ? [weight('bias')] : [])])
      const y = activation.apply(g, z)
      return {
        y: { name: y, shape: outputShape },
        backward(dy, needsInput) {
          const dz = activation.gradient(g, { x: z, y, dy })
          return {
            weights: {
              depthwise_kernel: filterGradient(g, own, { x: x.name, dz }),
              ...(hasBias === true && { bias: g.op('ReduceSum', [dz, g.int([0, 2, 3])], { keepdims: 0 }) }),
            },
            ...(needsInput && { input: convolveBack(g, [dz, filter], { ...own, group: own.inputs }) }),
          }
        },
      }
    },
  }
}

/** A depthwise convolution, and one by single pixels over its channels. */
export const separableConv2d: LayerCompiler = (spec) => {
  const { config, inputShape, outputShape } = spec
  const between = [outputShape[0]!, outputShape[1]!, 0]
  const own = depthwiseOf(spec)
  between[2] = own.inputs * own.multiplier
  const pointwise = conv2d({
    ...spec,
    inputShape: between,
    config: { ...config, kernel_size: [1, 1], strides: [1, 1], padding: 'valid' },
  })
  return {
    forms: { depthwise_kernel: formOf(own), pointwise_kernel: pointwise.forms!['kernel']! },
    pass(g, x, weight, mode) {
      const filter = weight('depthwise_kernel')
      const middle = { name: convolve(g, { ...own, inputShape }, [x.name, filter]), shape: between }
      const after = pointwise.pass(g, middle, (name) => weight(name === 'kernel' ? 'pointwise_kernel' : name), mode)
      return {
        y: after.y,
        backward(dy, needsInput) {
          const { input: dz, weights } = after.backward(dy, true)
          const { kernel, ...others } = weights
          return {
            weights: {
              ...others,
              pointwise_kernel: kernel!,
              depthwise_kernel: filterGradient(g, own, { x: x.name, dz: dz! }),
            },
            ...(needsInput && { input: convolveBack(g, [dz!, filter], { ...own, group: own.inputs }) }),
          }
        },
      }
    },
  }
}
