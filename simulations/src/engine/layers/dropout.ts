import type { Rng } from '@panal/client-core'
import { randomUniform, tidy } from '@tensorflow/tfjs-core'
import { Uncompilable, weightless, type LayerCompiler } from './layer.ts'
import { asInGraph } from './shapes.ts'

/**
 * Values are 0 or as many times larger as few are kept. With a seed every batch loses the same values as in tfjs, which starts
 * its stream anew at each call. Without one tfjs takes chance that nobody can repeat; here it comes from the round's rng.
 * Source: Srivastava et al. 2014
 */
export const dropout: LayerCompiler = ({ config, inputShape, outputShape }) => {
  const { rate, noiseShape, noise_shape: noise = noiseShape, seed } = config
  if (noise !== undefined && noise !== null) throw new Uncompilable('dropout of a shape of its own')
  if (typeof rate !== 'number' || rate <= 0 || rate >= 1)
    return weightless(outputShape, (_, x) => ({ y: x, gradient: (dy) => dy }), { elementwise: true })
  const isSeeded = typeof seed === 'number' || typeof seed === 'string'
  const width = inputShape.reduce((product, length) => product * length, 1)
  return {
    draws: {
      width,
      isRepeated: isSeeded,
      draw: (numRows, rng) => (isSeeded ? asTfjs(numRows * width, rate, seed) : byRng(numRows * width, rate, rng)),
    },
    pass(g, x, _, mode) {
      if (mode === 'prediction') {
        const backward = () => {
          throw new Error('a prediction has no gradients')
        }
        return { y: { ...x, shape: outputShape }, backward }
      }
      const isKept = g.op('Cast', [mode.drawn], { to: 1 })
      const factor = asInGraph(g, g.op('Mul', [isKept, g.float(1 / (1 - rate))]), inputShape)
      return {
        y: { name: g.op('Mul', [x.name, factor]), shape: outputShape },
        backward: (dy, needsInput) => ({ weights: {}, ...(needsInput && { input: g.op('Mul', [dy, factor]) }) }),
      }
    },
  }
}

/** In float32, as tfjs rounds. */
function asTfjs(count: number, rate: number, seed: number | string): Uint8Array {
  const values = tidy(() => randomUniform([count], 0, 1, 'float32', seed).dataSync<'float32'>())
  const keep = Math.fround(1 - rate)
  return Uint8Array.from(values, (value) => (Math.fround(value + keep) >= 1 ? 1 : 0))
}

const byRng = (count: number, rate: number, rng: Rng): Uint8Array =>
  Uint8Array.from({ length: count }, () => (rng.uniform() < rate ? 0 : 1))
