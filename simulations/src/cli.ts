import { Command, Option } from 'commander'
import { PanalError } from '@panal/client-core'
import { StartupError } from '@panal/server'
import { addExperimentCommands } from './cli/experiment-commands.ts'
import { positive, wholeNumber } from './cli/values.ts'
import { runDemo, type DemoOptions } from './demo/demo.ts'
import { engineNames } from './engine/open-trainer.ts'
import { ExecutorError } from './executor/executor.ts'
import { ExperimentError } from './experiment/experiment-error.ts'
import { runFleet, type RunFleetOptions } from './fleet/run-fleet.ts'
import { partitionNames } from './partition/registry.ts'
import { plainScreen } from './show/plain-screen.ts'
import { terminalScreen } from './show/terminal-screen.ts'
import type { Screen } from './show/screen.ts'
import { Stopped, stopSignal } from './cli/stop-signal.ts'
import { taskNames } from './tasks/registry.ts'

/** Options that both commands have. */
const fleetOptions = (command: Command): Command =>
  command
    .option('--devices <count>', 'simulated devices', wholeNumber(1, 10_000), 20)
    .option('--workers <count>', 'threads that the devices share (default: one for each core)', wholeNumber(1, 256))
    .addOption(
      new Option('--partition <name>', 'how the training data is dealt to the devices')
        .choices(partitionNames)
        .default('iid'),
    )
    .option(
      '--alpha <number>',
      'of the Dirichlet partition: the smaller, the more each device has classes of its own',
      positive,
      0.5,
    )
    .addOption(
      new Option('--engine <name>', 'how they train: as native code on each core, or with tfjs as a browser does')
        .choices(engineNames)
        .default('native'),
    )
    .option('--seed <number>', 'of every random choice that the simulation makes', wholeNumber(0, 2 ** 32 - 1), 1)

const program = new Command('panal-sim')
  .description('Simulated devices: fleets against a real Panal server, and experiments on a virtual clock.')
  .showHelpAfterError('(--help lists what there is)')
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 refused or not promoted, 2 wrong command line, 3 expectation not met, 130 stopped.',
  )
  // Commander ends with 1 for a wrong command line: 2, as `panal` does.
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))

fleetOptions(
  program
    .command('demo')
    .description(
      'Starts a server, a task with real data and a fleet, and runs rounds until the gate promotes a model.',
    ),
)
  .addOption(new Option('--task <name>', 'what is learnt').choices(taskNames).default('digits'))
  .option('--once', 'stop, with exit code 0, as soon as a model is promoted', false)
  .option(
    '--max-rounds <count>',
    'give up, with exit code 1, after so many rounds without a promotion',
    wholeNumber(1),
    60,
  )
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port to listen on; 0 takes any', wholeNumber(0, 65_535), 8080)
  .option('--data-dir <folder>', 'folder for the server’s state; emptied first (default: ./.panal/demo-<task>)')
  .option('--keep', 'go on with what an earlier demo left in the data folder', false)
  .option(
    '--rest-ms <ms>',
    'rest of a simulated device after an update, once a model is promoted',
    wholeNumber(0),
    20_000,
  )
  .action(async (options: Omit<DemoOptions, 'dataFolder'> & { readonly dataDir?: string }) => {
    const { dataDir = `./.panal/demo-${options.task}`, ...rest } = options
    const end = await untilStopped((screen, signal) => runDemo({ ...rest, dataFolder: dataDir }, screen, signal))
    if (end.outcome === 'not-promoted') fail(`no model was promoted within ${options.maxRounds} rounds`)
  })

fleetOptions(
  program.command('fleet').description('Joins simulated devices to a task of a server that is running, until Ctrl-C.'),
)
  .requiredOption('--task <id>', 'id of the task')
  .requiredOption('--data <source>', `training data: ${taskNames.join(' or ')}, or a file in the format of the task`)
  .addOption(
    new Option('--server <url>', 'address of the server')
      .env('PANAL_SERVER')
      .default('http://127.0.0.1:8080')
      .argParser((url) => url.replace(/\/+$/, '')),
  )
  .action((options: RunFleetOptions) => untilStopped((screen, signal) => runFleet(options, screen, signal)))

addExperimentCommands(program)

async function untilStopped<T>(run: (screen: Screen, signal: AbortSignal) => Promise<T>): Promise<T> {
  const screen = process.stdout.isTTY
    ? terminalScreen(process.stdout)
    : plainScreen((text) => process.stdout.write(text))
  return run(screen, stopSignal())
}

function fail(message: string): void {
  process.stderr.write(`panal-sim: ${message}\n`)
  process.exitCode = 1
}

// `panal-sim report … | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

try {
  await program.parseAsync()
} catch (error) {
  // What the person can mend is one sentence; a bug is a stack.
  if (error instanceof PanalError || error instanceof StartupError || error instanceof ExecutorError)
    fail(`${error.code}: ${error.message}`)
  else if (error instanceof ExperimentError)
    fail(
      [`${error.code}: ${error.message}`, ...error.errors.map(({ path, message }) => `  ${path} ${message}`)].join(
        '\n',
      ),
    )
  else if (error instanceof Stopped) process.exitCode = 130
  else if (error instanceof RangeError && /allocation failed/i.test(error.message))
    fail(
      `out-of-memory: ${error.message}. Lower --workers, or use less data: examples are kept as float32; or lower cohort.size, where the aggregator or the attack needs every update`,
    )
  else throw error
}
