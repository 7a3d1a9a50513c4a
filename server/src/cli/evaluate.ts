import type { Command } from 'commander'
import { RecordedError } from '../gate/recorded/recorded-error.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'

/** What the command line may say. */
export interface EvaluateOptions {
  readonly data?: string
  readonly label?: string
  readonly positive?: string
  readonly champion?: string
  readonly first?: boolean
  readonly candidate?: string
  readonly anchor?: string
  readonly id?: string
  readonly client?: string
  readonly split?: string
  readonly calibration?: string
  readonly segments?: string
  readonly content?: string
  readonly ignore?: string
  readonly config?: string
  readonly json?: string
  readonly html?: string
  readonly name?: string
  readonly seed?: string
  readonly schema?: boolean
}

/** `panal evaluate`: the gate on predictions that were recorded elsewhere; needs no server. `end` is told the exit code. */
export function evaluateCommand(program: Command, context: CliContext, end: (code: number) => void): void {
  const command = program
    .command('evaluate')
    .description('judge a model by its recorded predictions, by the gate’s own checks; needs no server')
  // Its exit codes are its own: 2 is a verdict, so a wrong command line ends with 1.
  command
    .showHelpAfterError(false)
    .configureOutput({ outputError: () => undefined })
    .exitOverride((error) => {
      if (error.exitCode === 0) throw error
      throw new CommandError(exitCodes.refused, 'bad-argument', error.message.replace(/^error: /, ''), [
        'panal evaluate --help lists what there is',
      ])
    })
    .option('--data <file>', 'CSV or Parquet: a row an example, with its label and what each model says of it')
    .option('--label <column>', 'the true class')
    .option(
      '--positive <value>',
      'of two classes the one that a single column is the probability of (default: 1, true)',
    )
    .option(
      '--candidate <columns>',
      'probabilities of the model that is judged: a column, or prefix:p_ for one a class',
    )
    .option('--champion <columns>', 'of the model that is served today')
    .option('--first', 'there is no champion yet')
    .option('--anchor <columns>', 'of the best model so far, against slow drift')
    .option('--id <column>', 'the name of each example (default: a digest of its row)')
    .option('--client <column>', 'whose example it is: a client’s examples are drawn together')
    .option('--segments <columns>', 'parts that are judged apart: job,home or crossed, job+home')
    .option('--content <columns>', 'what says that two rows are the same example (default: all features)')
    .option('--ignore <columns>', 'columns that are no features')
    .option('--split <column>', 'set of each row: gate judges; calibration; evaluation')
    .option('--calibration <share>', 'rows to set aside to fit calibration on, by a hash of their ids: 0.2')
    .option('--config <file>', 'the checks, as the gate section of a task document (default: all that apply)')
    .option('--json <file>', 'write the report as JSON: the same rows give the same bytes')
    .option('--html <file>', 'write the report as one page to read, print and keep')
    .option('--name <name>', 'what the report calls this evaluation', 'recorded')
    .option('--seed <n>', 'of all chance', '0')
    .option('--schema', 'print the JSON schema of a report, and nothing else')
    .addHelpText(
      'after',
      '\nExit codes: 0 promote (PASS, WARN), 2 hold, 3 block, 1 an error, a wrong command line included.',
    )
    .action(async () => {
      // Loaded when it is wanted: no other command waits for the gate and for Parquet.
      const { evaluate } = await import('./run-evaluate.ts')
      end(await evaluate(command.opts<EvaluateOptions>(), context).catch(sayWhy))
    })
}

function sayWhy(error: unknown): never {
  if (error instanceof RecordedError) throw new CommandError(exitCodes.refused, error.code, error.message, error.lines)
  throw error
}
