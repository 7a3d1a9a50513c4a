import { dirname } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '@panal/client-core'
import { readExperiment } from '../experiment/parse.ts'
import { describeRegistries } from '../experiment/list.ts'
import { runExperiment } from '../experiment/run-experiment.ts'
import { plainRunScreen, terminalRunScreen } from '../show/run-screen.ts'
import { runProgress } from './run-progress.ts'
import { Stopped, stopSignal } from './stop-signal.ts'
import { wholeNumber } from './values.ts'

const seed = wholeNumber(0, 2 ** 32 - 1)
const workers = wholeNumber(1, 256)

interface RunFlags {
  readonly out: string
  readonly seed?: number
  readonly workers?: number
  readonly resume: boolean
}

/** Commands that need no server. */
export function addExperimentCommands(program: Command): void {
  program
    .command('run')
    .argument('<experiment>', 'YAML or JSON file')
    .description('Runs an experiment on simulated devices, by the server’s own code on a virtual clock.')
    .requiredOption('--out <folder>', 'where its results go')
    .option('--seed <number>', 'of all chance (default: the first of the experiment’s seeds)', seed)
    .option('--workers <count>', 'threads that train (default: one for each core); changes no result', workers)
    .option('--resume', 'go on with a run that was cut off', false)
    .action(run)

  program
    .command('list')
    .description('What an experiment may choose from, with the options of each.')
    .action(() => void process.stdout.write(describeRegistries()))
}

async function run(path: string, { out, seed, workers, resume }: RunFlags): Promise<void> {
  const experiment = await readExperiment(path)
  const clock = systemClock({ setTimeout, clearTimeout })
  const screen = process.stdout.isTTY
    ? terminalRunScreen(process.stdout)
    : plainRunScreen((text) => process.stdout.write(text))
  const options = {
    experiment,
    seed: seed ?? experiment.seeds[0]!,
    home: dirname(path),
    folder: out,
    resume,
    clock,
    ...(workers !== undefined && { workers }),
  }
  try {
    const { ended, resources } = await runExperiment(options, runProgress(experiment, screen), stopSignal())
    screen.close()
    const why = ended.why === 'target' ? 'reached the target' : 'ran all its rounds'
    process.stdout.write(
      `${experiment.name} ${why}: round ${ended.round}, ${Math.round(resources.wallMs / 1000)} s; results in ${out}\n`,
    )
  } catch (error) {
    screen.close()
    if (error instanceof Stopped) process.stderr.write(`stopped; panal-sim run ${path} --out ${out} --resume goes on\n`)
    throw error
  }
}
