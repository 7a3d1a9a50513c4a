import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Why a command on a data directory or a backup ended without doing it. Never crosses the wire. */
export const dataErrors = {
  'no-data-directory': 'there is no data directory at the path',
  'not-a-backup': 'there is no backup at the path',
  'backup-damaged': 'the backup is not what was written',
  'target-exists': 'something is at the place already',
  'source-damaged': 'the data directory is not what was written',
} as const

export type DataErrorCode = keyof typeof dataErrors

/** The message is a sentence for the person at the keyboard: what is wrong, and what to do. */
export class DataError extends Error {
  override readonly name = 'DataError'
  constructor(
    readonly code: DataErrorCode,
    message: string,
    /** Further lines, such as one per damaged file. */
    readonly lines: readonly string[] = [],
  ) {
    super(message)
  }
}

/** @throws DataError 'no-data-directory', where opening it would make one */
export function requireDataDirectory(path: string): void {
  const root = resolve(path)
  if (!existsSync(join(root, 'panal.db')))
    throw new DataError('no-data-directory', `${root} is no data directory of Panal. Name one with --data.`)
}

/** How far a long piece of work is. */
export type Tell = (progress: { readonly doing: string; readonly bytes: number; readonly ofBytes: number }) => void
