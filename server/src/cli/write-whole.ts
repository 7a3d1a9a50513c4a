import { rename, rm, writeFile } from 'node:fs/promises'
import { CommandError, exitCodes } from './context.ts'

/** Writes a file beside its place and moves it there, so that nobody ever finds half of it. @throws CommandError */
export async function writeWhole(path: string, text: string): Promise<void> {
  const partial = `${path}.${process.pid}.partial`
  try {
    await writeFile(partial, text)
    await rename(partial, path)
  } catch (cause) {
    await rm(partial, { force: true })
    throw new CommandError(
      exitCodes.refused,
      'unwritable-file',
      `${path} cannot be written: ${(cause as Error).message}`,
    )
  }
}
