/** Why recorded predictions cannot be judged. Never crosses the wire; docs/evaluate.md lists the same codes. */
export const recordedErrors = {
  'bad-argument': 'the command line is wrong',
  'unreadable-file': 'a file is missing, damaged, or in a format that is not read',
  'unwritable-file': 'a file cannot be written',
  'empty-file': 'the data have no rows',
  'ragged-row': 'a row has more or fewer cells than the header',
  'duplicate-column': 'two columns have one name',
  'unknown-column': 'the data have no such column',
  'classes-differ': 'two models answer for different classes',
  'missing-value': 'a label, an id, a client or a split is empty',
  'unknown-label': 'a label is none of the classes',
  'not-a-probability': 'a prediction is no number from 0 to 1',
  'sum-not-one': 'the probabilities of a row do not sum to 1',
  'duplicate-id': 'two rows have one id',
  'bad-split': 'a row belongs to no set, or no row judges',
  'invalid-gate': 'the gate file is not the gate section of a task document',
} as const

export type RecordedErrorCode = keyof typeof recordedErrors

/** The message is a sentence for the person at the keyboard: what is wrong, where, and what to do. */
export class RecordedError extends Error {
  override readonly name = 'RecordedError'
  constructor(
    readonly code: RecordedErrorCode,
    message: string,
    /** Further lines, such as the columns that there are. */
    readonly lines: readonly string[] = [],
    options?: { cause?: unknown },
  ) {
    super(message, options)
  }
}

const maxListed = 50

/** A long list, cut short. */
export function listed(items: readonly string[]): string[] {
  const more = items.length - maxListed
  return more > 0 ? [...items.slice(0, maxListed), `… and ${more} more`] : [...items]
}

/** A cell as it is shown: quoted, and cut short. */
export const shown = (cell: string): string => JSON.stringify(cell.length > 60 ? `${cell.slice(0, 60)}…` : cell)

/** What the file system says, in words. */
export function unreadable(path: string, cause: unknown): RecordedError {
  const { code, message } = cause as NodeJS.ErrnoException
  const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message
  return new RecordedError('unreadable-file', `${path} cannot be read: ${why}`, [], { cause })
}
