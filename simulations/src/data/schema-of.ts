import type { DataSchema } from '@panal/client-core'

/**
 * The schema of examples that are numbers already, for a task document: images of bytes where they have three axes, else
 * columns x0, x1, … that are taken as they are.
 */
export function schemaOf(inputShape: readonly number[], classes: readonly string[]): DataSchema {
  const [height, width, channels] = inputShape
  if (inputShape.length === 3)
    return { kind: 'image', height: height!, width: width!, channels: channels!, scale: 1 / 255, classes: [...classes] }
  const numFeatures = inputShape.reduce((product, length) => product * length, 1)
  return {
    kind: 'table',
    columns: Array.from({ length: numFeatures }, (_, i) => ({
      name: `x${i}`,
      kind: 'numeric',
      mean: 0,
      std: 1,
      missing: 'mean',
    })),
    label: { column: 'label' },
    classes: [...classes],
  }
}
