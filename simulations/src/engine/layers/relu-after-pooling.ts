import type { LayerSpec } from './layer.ts'

const convolutions: readonly string[] = ['Conv2D', 'DepthwiseConv2D', 'SeparableConv2D']

/**
 * The same layers, but a ReLU between a convolution and max pooling comes after both: it then has fewer values to see. The
 * largest of ReLUs is the ReLU of the largest, and where the largest is positive, its place and gradient are the same.
 */
export function reluAfterPooling(specs: readonly LayerSpec[]): LayerSpec[] {
  const moves = specs.map(
    ({ className, config }, i) =>
      convolutions.includes(className) && config['activation'] === 'relu' && specs[i + 1]?.className === 'MaxPooling2D',
  )
  return specs.map((spec, i) => {
    if (moves[i]) return { ...spec, config: { ...spec.config, activation: 'linear' } }
    return moves[i - 1] ? { ...spec, config: { ...spec.config, activation: 'relu' } } : spec
  })
}
