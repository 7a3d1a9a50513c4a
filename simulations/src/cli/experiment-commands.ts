import { dirname } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { systemClock } from '@panal/client-core'
import { parseAxis, type GridAxis } from '../experiment/grid.ts'
import { describeRegistries } from '../experiment/list.ts'
import { parseExperiment, readDocument } from '../experiment/parse.ts'
import { readRuns } from '../experiment/read-runs.ts'
import { runExperiment } from '../experiment/run-experiment.ts'
import { runSweep } from '../experiment/sweep.ts'
import { describeExpectation } from '../results/expectation.ts'
import { plainRunScreen, terminalRunScreen, type RunScreen } from '../show/run-screen.ts'
import { describeRuns } from '../show/runs-table.ts'
import { addExportCommand } from './export-command.ts'
import { runProgress } from './run-progress.ts'
import { Stopped, stopSignal } from './stop-signal.ts'
import { wholeNumber } from './values.ts'

const aSeed = wholeNumber(0, 2 ** 32 - 1)
const workerCount = wholeNumber(1, 256)
const clock = systemClock({ setTimeout, clearTimeout })

interface RunFlags {
  readonly out: string
  readonly seed?: number
  readonly workers?: number
  readonly resume: boolean
}

interface SweepFlags {
  readonly out: string
  readonly grid: readonly GridAxis[]
  readonly seeds?: readonly number[]
  readonly workers?: number
}

/** Commands that need no server. */
export function addExperimentCommands(program: Command): void {
  program
    .command('run')
    .argument('<experiment>', 'YAML or JSON file')
    .description('Runs an experiment on simulated devices, by the server’s own code on a virtual clock.')
    .requiredOption('--out <folder>', 'where its results go')
    .option('--seed <number>', 'of all chance (default: the first of the experiment’s seeds)', aSeed)
    .option('--workers <count>', 'threads that train (default: one for each core); changes no result', workerCount)
    .option('--resume', 'go on with a run that was cut off', false)
    .action(run)

  program
    .command('sweep')
    .argument('<experiment>', 'YAML or JSON file')
    .description('Runs an experiment under each of its seeds and each combination of a grid; skips what is done.')
    .requiredOption('--out <folder>', 'a folder of its own for each run goes there')
    .option(
      '--grid <field=values>',
      'such as plan.learningRate=0.05,0.1; several times for several fields',
      addAxis,
      [],
    )
    .option('--seeds <numbers>', 'with commas between them, instead of the experiment’s', seedList)
    .option('--workers <count>', 'threads that train (default: one for each core)', workerCount)
    .action(sweep)

  program
    .command('report')
    .argument('<folders...>', 'of runs and sweeps')
    .description('What came of runs, finished or not.')
    .action(async (folders: string[]) => {
      process.stdout.write(describeRuns(await readRuns(folders)))
    })

  addExportCommand(program)

  program
    .command('list')
    .description('What an experiment may choose from, with the options of each.')
    .action(() => void process.stdout.write(describeRegistries()))
}

const seedList = (text: string): number[] => text.split(',').map(aSeed)

function addAxis(text: string, earlier: readonly GridAxis[]): GridAxis[] {
  try {
    return [...earlier, parseAxis(text)]
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

const saidEnd = {
  target: 'reached the target',
  rounds: 'ran all its rounds',
  diverged: 'has diverged, its updates are too large to be summed (lower plan.learningRate, or set plan.clipNorm)',
} as const

/** The program did what it should, and what came of it is not what the experiment expects. */
const exitCodeNotMet = 3

const openScreen = (): RunScreen =>
  process.stdout.isTTY ? terminalRunScreen(process.stdout) : plainRunScreen((text) => process.stdout.write(text))

async function run(path: string, { out, seed, workers, resume }: RunFlags): Promise<void> {
  const experiment = parseExperiment(await readDocument(path))
  const options = { experiment, seed: seed ?? experiment.seeds[0]!, home: dirname(path), folder: out, resume, clock }
  await onScreen(`run ${path} --out ${out} --resume`, async (screen) => {
    const { ended, resources, expectation } = await runExperiment(
      { ...options, ...(workers !== undefined && { workers }) },
      runProgress(experiment, screen, clock),
      stopSignal(),
    )
    const why = saidEnd[ended.why]
    screen.say(
      `${experiment.name} ${why}: round ${ended.round}, ${Math.round(resources.wallMs / 1000)} s; results in ${out}`,
    )
    if (expectation === undefined) return
    screen.say(describeExpectation(expectation))
    if (!expectation.isMet) process.exitCode = exitCodeNotMet
  })
}

async function sweep(path: string, { out, grid, seeds, workers }: SweepFlags): Promise<void> {
  const options = {
    experiment: await readDocument(path),
    home: dirname(path),
    axes: grid,
    folder: out,
    clock,
    ...(seeds !== undefined && { seeds }),
    ...(workers !== undefined && { workers }),
  }
  await onScreen('sweep with the same options', async (screen) => {
    let ofRun = screen
    const onChecked = (numChecked: number, numRuns: number) =>
      screen.count(numChecked, numRuns, 'runs are held against their data')
    const runs = await runSweep(
      { ...options, onChecked },
      ({ label, seed, experiment }, index, numRuns, isDone) => {
        ofRun.close()
        ofRun = openScreen()
        const what = [label, `seed ${seed}`].filter((part) => part !== '').join(', ')
        ofRun.say(`${index + 1} of ${numRuns}: ${what}${isDone ? ': done before' : ''}`)
        return runProgress(experiment, ofRun, clock)
      },
      stopSignal(),
    )
    ofRun.close()
    const found = await readRuns(runs.map(({ folder }) => folder))
    process.stdout.write(describeRuns(found))
    if (found.some(({ record }) => record?.expectation?.isMet === false)) process.exitCode = exitCodeNotMet
  })
}

/** @param goOn the command that takes up what a stop has left */
async function onScreen(goOn: string, work: (screen: RunScreen) => Promise<void>): Promise<void> {
  const screen = openScreen()
  try {
    await work(screen)
  } catch (error) {
    if (error instanceof Stopped) process.stderr.write(`stopped; panal-sim ${goOn} goes on\n`)
    throw error
  } finally {
    screen.close()
  }
}
