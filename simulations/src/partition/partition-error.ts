/** Why examples cannot be dealt as asked. docs/simulation-data.md lists the same codes. */
export const partitionErrors = {
  'bad-option': 'an option of the partitioner is out of its range',
  'bad-label': 'a label is no class index',
  'too-few-examples': 'there are fewer examples than the devices need',
  'too-few-labels': 'there are fewer different labels than a device should have',
  'too-few-devices': 'the devices cannot hold every label',
  'too-few-values': 'the column has fewer different values than there are devices',
  'unknown-column': 'the data have no such column',
  'missing-value': 'the column is empty in a row',
} as const

export type PartitionErrorCode = keyof typeof partitionErrors

/** The message is a sentence for the person who wrote the experiment: what is wrong, where, and what to do. */
export class PartitionError extends Error {
  override readonly name = 'PartitionError'
  constructor(
    readonly code: PartitionErrorCode,
    message: string,
  ) {
    super(`partition: ${message}`)
  }
}
