import { PartitionError } from './partition-error.ts'

/** The examples of each label that occurs. */
export interface ByLabel {
  /** Rising. */
  readonly labels: readonly number[]
  /** Examples of `labels[i]`, rising; a view. */
  examplesOf(i: number): Uint32Array
  countOf(i: number): number
  /** All examples, those of the least label first. */
  readonly sorted: Uint32Array
}

const maxLabels = 1_000_000

/** One counting sort; 4 bytes an example. @throws PartitionError 'bad-label' */
export function groupByLabel(y: Int32Array): ByLabel {
  const counts: number[] = []
  y.forEach((label, example) => {
    if (label < 0 || label >= maxLabels)
      throw new PartitionError(
        'bad-label',
        `example ${example} has the label ${label}; labels are class indices from 0. Correct the data, or leave it out`,
      )
    while (counts.length <= label) counts.push(0)
    counts[label]!++
  })
  const starts: number[] = []
  let total = 0
  for (const count of counts) {
    starts.push(total)
    total += count
  }
  const next = [...starts]
  const sorted = new Uint32Array(y.length)
  y.forEach((label, example) => {
    sorted[next[label]!++] = example
  })
  const labels = [...counts.keys()].filter((label) => counts[label]! > 0)
  return {
    labels,
    sorted,
    examplesOf: (i) => sorted.subarray(starts[labels[i]!], starts[labels[i]!]! + counts[labels[i]!]!),
    countOf: (i) => counts[labels[i]!]!,
  }
}
