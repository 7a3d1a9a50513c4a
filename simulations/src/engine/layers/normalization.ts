import type { GraphBuilder } from '../onnx/graph-builder.ts'
import { Uncompilable, type CompiledLayer, type LayerCompiler, type LayerSpec } from './layer.ts'

interface Settings {
  readonly epsilon: number
  /** The axes of a value in the graph over which it is brought to mean 0 and variance 1. */
  readonly axes: readonly number[]
  readonly hasScale: boolean
  readonly hasCenter: boolean
  /** A weight of each channel, so that it meets its channel. */
  readonly broadcast: (g: GraphBuilder, weight: string) => string
  /** The axes over which the gradient of such a weight is summed. */
  readonly summed: readonly number[]
}

function settingsOf({ config, inputShape }: LayerSpec, over: 'batch' | 'features'): Settings {
  const { axis = -1, epsilon = 1e-3, scale = true, center = true } = config
  const last = Array.isArray(axis) && axis.length === 1 ? (axis[0] as unknown) : axis
  if (last !== -1 && last !== inputShape.length) throw new Uncompilable('normalisation over another axis than the last')
  const others = inputShape.length === 3 ? [0, 2, 3] : inputShape.length === 2 ? [0, 1] : [0]
  return {
    epsilon: Number(epsilon),
    axes: over === 'batch' ? others : [inputShape.length === 2 ? 2 : 1],
    hasScale: scale === true,
    hasCenter: center === true,
    broadcast: (g, weight) => (inputShape.length === 3 ? g.op('Reshape', [weight, g.int([1, -1, 1, 1])]) : weight),
    summed: others,
  }
}

interface Moments {
  readonly mean: string
  readonly variance: string
}

/** With `keepdims`, so that they meet the value. The variance is the mean square, as tfjs has it. */
function momentsOf(g: GraphBuilder, x: string, axes: readonly number[]): Moments {
  const mean = g.op('ReduceMean', [x], { axes, keepdims: 1 })
  const centred = g.op('Sub', [x, mean])
  return { mean, variance: g.op('ReduceMean', [g.op('Mul', [centred, centred])], { axes, keepdims: 1 }) }
}

const inverseDeviation = (g: GraphBuilder, variance: string, epsilon: number): string =>
  g.op('Reciprocal', [g.op('Sqrt', [g.op('Add', [variance, g.float(epsilon)])])])

type WeightOf = (name: string) => string

function scaledAndShifted(g: GraphBuilder, x: string, weight: WeightOf, { hasScale, hasCenter, broadcast }: Settings) {
  const scaled = hasScale ? g.op('Mul', [x, broadcast(g, weight('gamma'))]) : x
  return hasCenter ? g.op('Add', [scaled, broadcast(g, weight('beta'))]) : scaled
}

/**
 * Gradients through x̂ = (x − μ)/σ, y = γ·x̂ + β, where μ and σ are of x itself: ∂x = (∂x̂ − mean ∂x̂ − x̂·mean(∂x̂·x̂))/σ.
 * Source: Ioffe and Szegedy 2015, arXiv:1502.03167
 */
function backwardThrough(
  g: GraphBuilder,
  { normal, inverse, weight, settings }: { normal: string; inverse: string; weight: WeightOf; settings: Settings },
) {
  const { axes, hasScale, hasCenter, broadcast, summed } = settings
  const sum = (value: string) => g.op('ReduceSum', [value, g.int([...summed])], { keepdims: 0 })
  return (dy: string, needsInput: boolean) => {
    const mean = (value: string) => g.op('ReduceMean', [value], { axes, keepdims: 1 })
    const input = (): string => {
      const dx = hasScale ? g.op('Mul', [dy, broadcast(g, weight('gamma'))]) : dy
      const along = g.op('Mul', [normal, mean(g.op('Mul', [dx, normal]))])
      return g.op('Mul', [g.op('Sub', [g.op('Sub', [dx, mean(dx)]), along]), inverse])
    }
    return {
      weights: {
        ...(hasScale && { gamma: sum(g.op('Mul', [dy, normal])) }),
        ...(hasCenter && { beta: sum(dy) }),
      },
      ...(needsInput && { input: input() }),
    }
  }
}

function normalized(spec: LayerSpec, settings: Settings): CompiledLayer['pass'] {
  return (g, x, weight) => {
    const { mean, variance } = momentsOf(g, x.name, settings.axes)
    const inverse = inverseDeviation(g, variance, settings.epsilon)
    const normal = g.op('Mul', [g.op('Sub', [x.name, mean]), inverse])
    return {
      y: { name: scaledAndShifted(g, normal, weight, settings), shape: spec.outputShape },
      backward: backwardThrough(g, { normal, inverse, weight, settings }),
    }
  }
}

/** Each example by itself, over its channels. */
export const layerNormalization: LayerCompiler = (spec) => ({ pass: normalized(spec, settingsOf(spec, 'features')) })

/** In training by the batch, whose moments the moving ones follow; else by the moving ones. */
export const batchNormalization: LayerCompiler = (spec) => {
  const settings = settingsOf(spec, 'batch')
  const { momentum = 0.99 } = spec.config
  const inTraining = normalized(spec, settings)
  const follow = (g: GraphBuilder, old: string, value: string): string => {
    const flat = g.op('Reshape', [value, g.int([-1])])
    const step = g.op('Mul', [g.op('Sub', [old, flat]), g.float(1 - Number(momentum))])
    return g.op('Sub', [old, step])
  }
  return {
    follows: ['moving_mean', 'moving_variance'],
    pass(g, x, weight, mode) {
      if (mode !== 'prediction') {
        const { mean, variance } = momentsOf(g, x.name, settings.axes)
        return {
          ...inTraining(g, x, weight, mode),
          updates: {
            moving_mean: follow(g, weight('moving_mean'), mean),
            moving_variance: follow(g, weight('moving_variance'), variance),
          },
        }
      }
      const { broadcast, epsilon } = settings
      const inverse = inverseDeviation(g, broadcast(g, weight('moving_variance')), epsilon)
      const normal = g.op('Mul', [g.op('Sub', [x.name, broadcast(g, weight('moving_mean'))]), inverse])
      return {
        y: { name: scaledAndShifted(g, normal, weight, settings), shape: spec.outputShape },
        backward: () => {
          throw new Error('a prediction has no gradients')
        },
      }
    },
  }
}
