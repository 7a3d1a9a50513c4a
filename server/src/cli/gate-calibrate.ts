import { InvalidArgumentError, type Command } from 'commander'
import type { CliContext } from './context.ts'
import { readingData } from './data-dir-command.ts'

/** What the command line may say. */
export interface GateCalibrateOptions {
  readonly data?: string
  readonly version?: number
  readonly runs: number
  readonly faultRuns: number
  readonly rounds: number
  readonly seed: number
  readonly workers?: number
  readonly only?: string
  readonly json?: string
  readonly html?: string
  readonly svg?: string
}

/** `panal gate calibrate`: tries a task's gate on candidates whose worth is known. Reads the data directory itself. */
export function gateCommands(program: Command, context: CliContext): void {
  const command = program
    .command('gate')
    .description('look into the gate of a task')
    .command('calibrate')
    .description('measure how often the gate blocks models that are equal and lets pass models that are worse')
    .argument('<task>', 'the task')
    .option(
      '--data <folder>',
      'the data directory to read; a server may run on it (env PANAL_DATA, default ./panal-data)',
    )
    .option('--version <n>', 'the version that stands for the champion (default: the champion)', wholeNumber(0))
    .option('--runs <n>', 'of each kind of candidate that is as good as the champion', wholeNumber(1, 1_000_000), 500)
    .option('--fault-runs <n>', 'of each kind and size of fault', wholeNumber(1, 1_000_000), 200)
    .option('--rounds <n>', 'in which every candidate is a little worse, one after the other', wholeNumber(1, 1000), 60)
    .option('--seed <n>', 'of all chance: the same seed gives the same bytes', wholeNumber(0, 2 ** 32 - 1), 0)
    .option('--workers <n>', 'threads (default: one for each core but one)', wholeNumber(1, 256))
    .option('--only <kind>', 'one kind of candidate only: segment-regression')
    .option('--json <file>', 'write all figures as JSON')
    .option('--html <file>', 'write them as a page that needs nothing else, with pictures')
    .option('--svg <file>', 'write the pictures: what the gate says, by the size of the fault')
  command.action(async () => {
    const options = command.opts<GateCalibrateOptions>()
    // Loaded when it is wanted: no other command waits for the gate.
    const { calibrateGate } = await import('./run-gate-calibrate.ts')
    await readingData(options, context, (reader) => calibrateGate(command.args[0]!, { options, reader, context }))
  })
}

const wholeNumber =
  (least: number, most = 2 ** 31 - 1) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`)
    return value
  }
