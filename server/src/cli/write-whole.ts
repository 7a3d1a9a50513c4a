import { rename, rm, writeFile } from 'node:fs/promises'
import { CommandError, exitCodes } from './context.ts'

/** A file that appears whole, or not at all. */
export interface WholeFile {
  /** @throws CommandError 'unwritable-file' */
  write(text: string): Promise<void>
  /** Leaves nothing behind where nothing was written. */
  discard(): Promise<void>
}

/**
 * Takes a place beside the file now, so that whoever works for minutes knows beforehand that the outcome can be written.
 * What was at the path stays until then. @throws CommandError 'unwritable-file'
 */
export async function openWhole(path: string): Promise<WholeFile> {
  const partial = `${path}.partial`
  const orSay = (work: Promise<void>): Promise<void> =>
    work.catch((cause: unknown) => {
      throw new CommandError(exitCodes.refused, 'unwritable-file', `${path}: ${(cause as Error).message}`)
    })
  await orSay(writeFile(partial, ''))
  return {
    write: (text) => orSay(writeFile(partial, text).then(() => rename(partial, path))),
    discard: () => rm(partial, { force: true }),
  }
}
