import type { GraphBuilder } from '../onnx/graph-builder.ts'
import { activationOf } from './activations.ts'
import { blockedMaxPool } from './blocked-max-pool.ts'
import {
  convolveBack,
  pair,
  weightless,
  windowOf,
  type Activation,
  type LayerCompiler,
  type LayerSpec,
  type Pass,
  type Window,
} from './layer.ts'

function windowOfPool(spec: LayerSpec): Window {
  const { poolSize, pool_size: size = poolSize } = spec.config
  const kernel = pair(size, 2)
  return windowOf(
    spec,
    kernel,
    spec.config['strides'] === null || spec.config['strides'] === undefined ? kernel : pair(spec.config['strides'], 2),
  )
}

/** The gradient goes to the largest of each window. An activation may come after it. */
export const maxPooling2d: LayerCompiler = (spec) => {
  const window = windowOfPool(spec)
  const { kernel, strides, pads } = window
  const { block, config, outputShape } = spec
  const activation = activationOf(config['activation'])
  const isHalving = [...kernel, ...strides].every((length) => length === 2) && pads.every((pad) => pad === 0)
  return {
    takesBlocked: isHalving,
    pass(g, x) {
      const pooled =
        x.isBlocked === true
          ? blockedMaxPool(g, x, { block, outputShape })
          : plainMaxPool(g, x, { window, outputShape })
      const y = activation.apply(g, pooled.y.name)
      return {
        y: { ...pooled.y, name: y },
        backward: (dy, needsInput) => pooled.backward(activation.gradient(g, { x: pooled.y.name, y, dy }), needsInput),
      }
    },
  }
}

function plainMaxPool(
  g: GraphBuilder,
  x: Activation,
  { window, outputShape }: { readonly window: Window; readonly outputShape: readonly number[] },
): Pass {
  const { kernel, strides, pads } = window
  const isApart = kernel[0] <= strides[0] && kernel[1] <= strides[1]
  const [y, places] = g.ops('MaxPool', [x.name], 2, { kernel_shape: kernel, strides, pads }) as [string, string]
  const gradient = (dy: string): string => {
    const shape = g.op('Shape', [x.name])
    if (isApart && pads.every((pad) => pad === 0))
      return g.op('MaxUnpool', [dy, places, shape], { kernel_shape: kernel, strides })
    // Windows that overlap: one value may be the largest of several.
    const flat = (value: string) => g.op('Reshape', [value, g.int([-1])])
    const nothing = g.op('Mul', [flat(x.name), g.float(0)])
    const sums = g.op('ScatterElements', [nothing, flat(places), flat(dy)], { axis: 0, reduction: 'add' })
    return g.op('Reshape', [sums, shape])
  }
  return {
    y: { name: y, shape: outputShape },
    backward: (dy, needsInput) => ({ weights: {}, ...(needsInput && { input: gradient(dy) }) }),
  }
}

/**
 * The mean of each window, of what of it lies in the image. The gradient is tfjs's, for devices train with it: at a padded
 * edge it divides by the whole window nevertheless.
 */
export const averagePooling2d: LayerCompiler = (spec) => {
  const { inputShape, outputShape } = spec
  const { kernel, strides, pads } = windowOfPool(spec)
  const channels = inputShape[2]!
  const share = 1 / (kernel[0] * kernel[1])
  return weightless(outputShape, (g, x) => ({
    y: g.op('AveragePool', [x], { kernel_shape: kernel, strides, pads, count_include_pad: 0 }),
    gradient: (dy) => {
      const shares = new Float32Array(channels * kernel[0] * kernel[1]).fill(share)
      const filter = g.float(shares, [channels, 1, ...kernel])
      return convolveBack(g, [dy, filter], {
        window: { kernel, strides, pads },
        inputShape,
        outputShape,
        group: channels,
      })
    },
  }))
}

/** Where an image or a sequence lies besides its channels. */
const spaceOf = (inputShape: readonly number[]): number[] => (inputShape.length === 3 ? [2, 3] : [1])

/** The mean of each channel. */
export const globalAveragePooling: LayerCompiler = ({ inputShape, outputShape }) => {
  const axes = spaceOf(inputShape)
  const size = inputShape.slice(0, -1).reduce((product, length) => product * length, 1)
  return weightless(outputShape, (g, x) => ({
    y: g.op('ReduceMean', [x], { axes, keepdims: 0 }),
    gradient: (dy) => {
      const spread = g.op('Unsqueeze', [g.op('Mul', [dy, g.float(1 / size)]), g.int(axes)])
      return g.op('Expand', [spread, g.op('Shape', [x])])
    },
  }))
}

/** The largest of each channel; of several the gradient goes to each, as tfjs has it. */
export const globalMaxPooling: LayerCompiler = ({ inputShape, outputShape }) => {
  const axes = spaceOf(inputShape)
  return weightless(outputShape, (g, x) => {
    const most = g.op('ReduceMax', [x], { axes, keepdims: 1 })
    return {
      y: g.op('Squeeze', [most, g.int(axes)]),
      gradient: (dy) => g.op('Where', [g.op('Equal', [x, most]), g.op('Unsqueeze', [dy, g.int(axes)]), g.float(0)]),
    }
  })
}
