import type { Rng } from '@panal/client-core'
import type { GraphBuilder } from '../onnx/graph-builder.ts'

/** A value on its way through the model, of a batch of examples. */
export interface Activation {
  /** In the graph: [n, features], [n, times, features], or [n, channels, height, width]. */
  readonly name: string
  /** Of one example, as tfjs has it: [features], [times, features], or [height, width, channels]. */
  readonly shape: readonly number[]
  /** An image that lies as `blocked.ts` says. */
  readonly isBlocked?: boolean
}

/** A layer as its topology describes it. */
export interface LayerSpec {
  readonly name: string
  readonly className: string
  readonly config: Readonly<Record<string, unknown>>
  /** Of one example. */
  readonly inputShape: readonly number[]
  readonly outputShape: readonly number[]
  /** As tfjs has them, by short names. */
  readonly weightShapes: Readonly<Record<string, readonly number[]>>
  /** How many channels lie together in a blocked image on this machine; 0 where it has none. */
  readonly block: number
}

/** How a weight lies in the graph, where it does not lie as tfjs has it: its axes in this order, then these dims. */
export interface WeightForm {
  /** Its dims before its axes change places; undefined: as in tfjs. */
  readonly from?: readonly number[]
  readonly perm: readonly number[]
  readonly dims: readonly number[]
}

export interface Pass {
  readonly y: Activation
  /**
   * From the gradient of the mean loss by `y`: those by its weights, and by its input where somebody asks. A gradient lies
   * as its value does.
   * @param plus values that the gradients of the weights it `fuses` are added to, by short names
   */
  backward(dy: string, needsInput: boolean, plus?: Readonly<Record<string, string>>): Gradients
  /** New values of weights that follow the batches and have no gradient, by short names. */
  readonly updates?: Readonly<Record<string, string>>
}

export interface Training {
  /** The most examples that a batch has. */
  readonly batchSize: number
  /** What a layer that `draws` was given for the examples of the batch: bool [n, width]; '' for others. */
  readonly drawn: string
}

/** Chance that a layer takes part in training with: yes or no, `width` times for each example. */
export interface Draws {
  readonly width: number
  /** Every batch gets that of the first rows; else each step's examples have their own. */
  readonly isRepeated: boolean
  draw(numRows: number, rng: Rng): Uint8Array
}

/** Some layers do something else while they are trained. */
export type Mode = 'prediction' | Training

export interface Gradients {
  readonly input?: string
  /** By the weight's short name: `kernel`. */
  readonly weights: Readonly<Record<string, string>>
}

export interface CompiledLayer {
  /** By short names; of weights that lie as in tfjs there is none. */
  readonly forms?: Readonly<Record<string, WeightForm>>
  /** Short names of weights whose gradient it can add to a value as it computes it. */
  readonly fuses?: readonly string[]
  /** Short names of weights that have no gradient and follow the batches: each pass in training updates them. */
  readonly follows?: readonly string[]
  readonly draws?: Draws
  /** Its input may be blocked. */
  readonly takesBlocked?: boolean
  /** Writes the layer into a graph. @param weight the value of a weight, by its short name */
  pass(g: GraphBuilder, x: Activation, weight: (name: string) => string, mode: Mode): Pass
}

/** What cannot be compiled, in words that follow "The model is trained by tfjs: ". */
export class Uncompilable extends Error {
  override readonly name = 'Uncompilable'
}

/** What one kind of layer becomes. @throws Uncompilable for what it cannot express */
export type LayerCompiler = (spec: LayerSpec) => CompiledLayer

/** A layer without weights: what it answers, and the gradient by its input. What is `elementwise` takes any order of values. */
export const weightless = (
  shape: readonly number[],
  write: (g: GraphBuilder, x: string) => { readonly y: string; readonly gradient: (dy: string) => string },
  { elementwise = false } = {},
): CompiledLayer => ({
  takesBlocked: elementwise,
  pass: (g, x) => {
    const { y, gradient } = write(g, x.name)
    return {
      y: { ...x, name: y, shape },
      backward: (dy, needsInput) => ({ weights: {}, ...(needsInput && { input: gradient(dy) }) }),
    }
  },
})

/** [height, width] of a setting that may be one number for both. */
export function pair(value: unknown, fallback: number): [number, number] {
  if (Array.isArray(value)) return [Number(value[0]), Number(value[1])]
  return typeof value === 'number' ? [value, value] : [fallback, fallback]
}

/** Of an operator over windows, as ONNX has it: [top, left, bottom, right]. */
export interface Window {
  readonly kernel: readonly [number, number]
  readonly strides: readonly [number, number]
  readonly pads: readonly [number, number, number, number]
}

/** TensorFlow's `same` pads the odd one at the end; `valid` pads nothing. @throws Uncompilable of another padding */
export function windowOf(
  { config, inputShape, outputShape }: LayerSpec,
  kernel: readonly [number, number],
  strides: readonly [number, number],
): Window {
  const { padding = 'valid', dataFormat, data_format: format = dataFormat } = config
  if (format === 'channelsFirst' || format === 'channels_first')
    throw new Uncompilable('its images have channels first')
  if (padding === 'valid') return { kernel, strides, pads: [0, 0, 0, 0] }
  if (padding !== 'same') throw new Uncompilable(`padding ${String(padding)} is not known`)
  const [top, bottom] = samePads(inputShape[0]!, outputShape[0]!, kernel[0], strides[0])
  const [left, right] = samePads(inputShape[1]!, outputShape[1]!, kernel[1], strides[1])
  return { kernel, strides, pads: [top, left, bottom, right] }
}

function samePads(input: number, output: number, kernel: number, stride: number): [number, number] {
  const total = Math.max(0, (output - 1) * stride + kernel - input)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}

/** Where a window slid over an input, and what came of it. */
export interface Slid {
  readonly window: Window
  readonly inputShape: readonly number[]
  readonly outputShape: readonly number[]
}

/** The input's gradient from that of the outputs: the transposed convolution. Rows that no window reached get 0. */
export function convolveBack(
  g: GraphBuilder,
  given: readonly [gradient: string, filter: string],
  { window: { kernel, strides, pads }, inputShape, outputShape, group = 1 }: Slid & { readonly group?: number },
): string {
  const unreached = [0, 1].map(
    (axis) =>
      inputShape[axis]! + pads[axis]! + pads[axis + 2]! - strides[axis]! * (outputShape[axis]! - 1) - kernel[axis]!,
  )
  return g.op('ConvTranspose', given, { kernel_shape: kernel, strides, pads, group, output_padding: unreached })
}
