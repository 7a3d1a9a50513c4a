import type { Labelled, Partition } from './partitioner.ts'

/** How many examples of each class some devices of a partition have: what a picture of it is drawn from. Plain JSON. */
export interface LabelDistribution {
  /** Of the whole partition. */
  readonly numDevices: number
  /** Names, by class index. */
  readonly classes: readonly string[]
  /** All devices, or evenly spaced ones where there are many. */
  readonly devices: readonly {
    readonly device: number
    /** By class index. */
    readonly counts: readonly number[]
  }[]
}

export interface DistributionOptions {
  /** Names, by class index; their numbers without it. */
  readonly classes?: readonly string[]
  /** Most devices that are looked at; 20. */
  readonly maxDevices?: number
}

/** Asks the partition for the devices shown, and no others. */
export function labelDistribution(
  partition: Partition,
  { y }: Pick<Labelled, 'y'>,
  { classes, maxDevices = 20 }: DistributionOptions = {},
): LabelDistribution {
  const { numDevices } = partition
  const numShown = Math.min(numDevices, maxDevices)
  const numClasses = y.reduce((most, label) => Math.max(most, label + 1), classes?.length ?? 0)
  const spaced = (i: number) => Math.floor((i * numDevices) / numShown)
  return {
    numDevices,
    classes: Array.from({ length: numClasses }, (_, label) => classes?.[label] ?? String(label)),
    devices: Array.from({ length: numShown }, (_, i) => {
      const counts = new Array<number>(numClasses).fill(0)
      for (const example of partition.indicesOf(spaced(i))) counts[y[example]!]!++
      return { device: spaced(i), counts }
    }),
  }
}
