import { VectorError, type Selection } from './engine.ts'
import { selectionNetwork, type Network } from './sorting-network.ts'

/** A selection as the engines carry it out: run the network over a coordinate's values, then take a mean. */
export interface SelectionSteps {
  readonly network: Network
  /** The mean of the sorted values `first` to `last` − 1, where `nearest` is 0. */
  readonly first: number
  readonly last: number
  /** How many values nearest the median, or 0. All values are sorted then. */
  readonly nearest: number
}

/** @throws VectorError 'bad-arguments' if it leaves none of `count` values, or asks for more than there are */
export function selectionSteps(by: Selection, count: number): SelectionSteps {
  const [first, last] = kept(by, count)
  if (!Number.isInteger(first) || !Number.isInteger(last) || first < 0 || last <= first || last > count)
    throw new VectorError('bad-arguments', `${by.by}: takes values ${first} to ${last - 1} of ${count}`)
  if (by.by === 'nearest-median') return { network: selectionNetwork(count), first, last, nearest: by.count }
  return { network: selectionNetwork(count, first, last), first, last, nearest: 0 }
}

function kept(by: Selection, count: number): readonly [first: number, last: number] {
  switch (by.by) {
    case 'median':
      return [Math.ceil(count / 2) - 1, Math.floor(count / 2) + 1]
    case 'trimmed-mean':
      return [by.trim, count - by.trim]
    case 'nearest-median':
      return [0, by.count]
  }
}
