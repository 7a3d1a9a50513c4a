import type { GraphBuilder } from '../onnx/graph-builder.ts'
import { activationOf } from './activations.ts'
import { blockedConv2d, canBeBlocked } from './blocked-conv2d.ts'
import { convolveBack, pair, Uncompilable, windowOf, type LayerCompiler, type Slid } from './layer.ts'

const swapped = { perm: [1, 0, 2, 3] } as const

/**
 * Convolution of images. With x and ∂z turned so that channels come first, the filter's gradient is a convolution of x by
 * ∂z, strides becoming dilations; the input's is the transposed convolution of ∂z by the filter.
 * Source: Dumoulin and Visin 2016, arXiv:1603.07285
 */
export const conv2d: LayerCompiler = (spec) => {
  const { config, inputShape, outputShape, block } = spec
  const { useBias = true, use_bias: hasBias = useBias, kernelSize, kernel_size: size = kernelSize } = config
  const { dilationRate, dilation_rate: dilation = dilationRate } = config
  if (pair(dilation, 1).some((rate) => rate !== 1)) throw new Uncompilable('a convolution with dilation')
  const window = windowOf(spec, pair(size, 1), pair(config['strides'], 1))
  const { kernel, strides, pads } = window
  const activation = activationOf(config['activation'])
  const [inputs, outputs] = [inputShape[2]!, outputShape[2]!]
  const isDense = strides.every((stride) => stride === 1)
  if (isDense && activation.isElementwise !== false && canBeBlocked(inputs, outputs, block))
    return blockedConv2d({ block, window, inputShape, outputShape, activation, hasBias: hasBias === true })
  return {
    forms: { kernel: { perm: [3, 2, 0, 1], dims: [outputs, inputs, ...kernel] } },
    pass(g, x, weight) {
      const filter = weight('kernel')
      const bias = hasBias ? [weight('bias')] : []
      const z = g.op('Conv', [x.name, filter, ...bias], { kernel_shape: kernel, strides, pads })
      const y = activation.apply(g, z)
      return {
        y: { name: y, shape: outputShape },
        backward(dy, needsInput) {
          const dz = activation.gradient(g, { x: z, y, dy })
          return {
            weights: {
              kernel: filterGradient(g, { x: x.name, dz, window, inputShape, outputShape }),
              ...(hasBias === true && { bias: g.op('ReduceSum', [dz, g.int([0, 2, 3])], { keepdims: 0 }) }),
            },
            ...(needsInput && { input: convolveBack(g, [dz, filter], { window, inputShape, outputShape }) }),
          }
        },
      }
    },
  }
}

function filterGradient(
  g: GraphBuilder,
  {
    x,
    dz,
    window: { kernel, strides, pads },
    inputShape,
    outputShape,
  }: Slid & { readonly x: string; readonly dz: string },
): string {
  const [height, width] = outputShape as [number, number]
  const gradient = g.op('Conv', [g.op('Transpose', [x], swapped), g.op('Transpose', [dz], swapped)], {
    kernel_shape: [height, width],
    dilations: strides,
    pads,
  })
  const turned = g.op('Transpose', [gradient], swapped)
  // Rows of the image that no window reaches give filters that are too large by so many.
  const reached = [0, 1].map(
    (axis) => inputShape[axis]! + pads[axis]! + pads[axis + 2]! - strides[axis]! * (outputShape[axis]! - 1),
  )
  if (reached[0] === kernel[0] && reached[1] === kernel[1]) return turned
  return g.op('Slice', [turned, g.int([0, 0]), g.int([...kernel]), g.int([2, 3])])
}
