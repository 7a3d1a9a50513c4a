import type { LayersModel } from '@tensorflow/tfjs-layers'
import { uniformInt, type Rng } from '../model/rng.ts'

/**
 * Lets Dropout layers that have no seed of their own take their chance from this rng, a new draw at each step: tfjs would ask
 * Math.random, and the same training would come to something else each time.
 */
export function seedDropout({ layers }: LayersModel, rng: Rng): void {
  for (const [place, layer] of layers.entries()) {
    if ('layers' in layer) seedDropout(layer as LayersModel, rng.fork(`model-${place}`))
    if (layer.getClassName() !== 'Dropout' || typeof (layer as { seed?: unknown }).seed === 'number') continue
    const draws = rng.fork(`layer-${place}`)
    Object.defineProperty(layer, 'seed', { get: () => 1 + uniformInt(draws, 2 ** 31 - 2) }) // 0 is none to tfjs
  }
}
