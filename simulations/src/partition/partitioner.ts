import type { TProperties } from 'typebox'
import type { Dataset, Rng } from '@panal/client-core'
import type { Policy } from '@panal/server'
import { PartitionError } from './partition-error.ts'

/** What partitioners know of the examples: class indices, and raw columns for those that go by one. */
export type Labelled = Pick<Dataset, 'y' | 'columns'>

/** Which examples each device has. */
export interface Partition {
  readonly numDevices: number
  /** How many examples a device has; 1 or more. */
  sizeOf(device: number): number
  /** Their indices, none twice; a view or computed anew, so not to be written to. The same whenever it is asked. */
  indicesOf(device: number): Uint32Array
}

/** How examples are dealt to devices. */
export interface Partitioner {
  readonly name: string
  /**
   * The examples of `numDevices` devices, numbered from 0. A dealt partition has every example on exactly one device, at 4
   * bytes an example and 4 a device. One that draws (`perDevice`) may have an example on many devices or on none, and costs
   * nothing for devices that nobody asks for.
   * The same labels, count and seed give the same partition.
   * @throws PartitionError
   */
  partition(examples: Labelled, numDevices: number, rng: Rng): Partition
}

/** One idea that an experiment may choose by its name, with the options that it takes. */
export const partitionPolicy = <Options extends TProperties>(
  parts: Pick<Policy<Options, Partitioner>, 'options' | 'make'>,
): Policy<Options, Partitioner> => parts

/** @throws PartitionError unless there is an example for each of `numDevices` devices, and a device */
export function assertEnough(numExamples: number, numDevices: number): void {
  if (!Number.isInteger(numDevices) || numDevices < 1)
    throw new PartitionError('bad-option', `${numDevices} devices; there must be 1 or more`)
  if (numExamples < numDevices)
    throw new PartitionError(
      'too-few-examples',
      `${numExamples} examples are too few for ${numDevices} devices with one each. Ask for fewer devices, or let each draw its own: perDevice`,
    )
}

/** @throws PartitionError unless `value` is over 0 and finite */
export function assertPositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity))
    throw new PartitionError('bad-option', `${name} is ${value}; it must be over 0 and finite`)
}

/** @throws PartitionError unless `value` is a whole number from 1 */
export function assertCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new PartitionError('bad-option', `${name} is ${value}; it must be a whole number from 1`)
}
