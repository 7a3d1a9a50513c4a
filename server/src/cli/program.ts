import { Command, CommanderError } from 'commander'
import { auditCommands } from './audit.ts'
import { championCommands } from './champion.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { datasetCommands } from './datasets.ts'
import { dataDirectoryCommands } from './data-directory.ts'
import { deviceCommands } from './devices.ts'
import { evaluateCommand } from './evaluate.ts'
import { gateCommands } from './gate-calibrate.ts'
import { keyCommands } from './keys.ts'
import { peopleCommands } from './people.ts'
import { simpsonCommand } from './simpson.ts'
import { startCommands } from './start.ts'
import { taskCommands } from './tasks.ts'
import { versionCommands } from './versions.ts'

/** Runs one command line. Resolves with the exit code; nothing but a bug is thrown. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  let exitCode: number = exitCodes.ok
  const program = buildProgram(context, (code) => (exitCode = code))
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    if (!(error instanceof CommandError)) throw error
    context.complain(`panal: ${error.code}: ${error.message}\n`)
    for (const line of error.lines) context.complain(`  ${line}\n`)
    return error.exitCode
  }
}

function buildProgram(context: CliContext, end: (exitCode: number) => void): Command {
  const program = new Command('panal')
    .description('Federated learning where the clients are browsers and phones.')
    .exitOverride()
    .configureOutput({
      writeOut: context.print,
      writeErr: context.complain,
      getOutHelpWidth: () => context.columns ?? 100,
      getErrHelpWidth: () => context.columns ?? 100,
    })
    .showHelpAfterError('(--help lists what there is)')
    .addHelpText('after', '\nExit codes: 0 done, 1 refused or not started, 2 wrong command line, 3 no server answers.')
  startCommands(program, context)
  taskCommands(program, context)
  versionCommands(program, context)
  championCommands(program, context)
  datasetCommands(program, context)
  peopleCommands(program, context)
  dataDirectoryCommands(program, context)
  deviceCommands(program, context)
  keyCommands(program, context)
  auditCommands(program, context)
  simpsonCommand(program, context)
  evaluateCommand(program, context, end)
  gateCommands(program, context)
  return program
}
