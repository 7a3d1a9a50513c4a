import { PanalError } from '@panal/client-core'
import type { Command } from 'commander'
import type { DataReader } from '../data-reader.ts'
import { DataError } from '../store/data-error.ts'
import { StartupError } from '../startup-error.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'

/** What a command that reads a data directory may be given. */
export interface DataDirOptions {
  readonly data?: string
  readonly json?: boolean
  /** Of `panal round replay`: devices, separated by commas. */
  readonly without?: string
}

/**
 * Adds the options of a command that reads a data directory itself, whether or not a server has it open: nobody has to
 * be trusted for the answer, and no server is kept from its rounds by it.
 */
export function onDataDir(
  command: Command,
  context: CliContext,
  run: (reader: DataReader, options: DataDirOptions, args: readonly string[]) => Promise<void>,
): Command {
  return command
    .option('--data <folder>', 'the data directory to read (env PANAL_DATA, default ./panal-data)')
    .option('--json', 'print the answer as JSON')
    .action(async () => {
      const options = command.opts<DataDirOptions>()
      await readingData(options, context, (reader) => run(reader, options, command.args))
    })
}

/** Opens the data directory that the options name, for as long as `work` runs. */
export async function readingData(
  options: Pick<DataDirOptions, 'data'>,
  { env }: CliContext,
  work: (reader: DataReader) => Promise<void>,
): Promise<void> {
  try {
    const { readDataDir } = await import('../data-reader.ts')
    const reader = readDataDir(options.data ?? env['PANAL_DATA'] ?? './panal-data')
    try {
      await work(reader)
    } finally {
      reader.close()
    }
  } catch (error) {
    if (error instanceof StartupError || error instanceof DataError || error instanceof PanalError)
      throw new CommandError(exitCodes.refused, error.code, error.message)
    throw error
  }
}
