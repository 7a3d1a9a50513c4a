import { parseArgs } from 'node:util'
import { measuredWhere, writeSection } from './page.ts'
import { examplesOfDevice, modelNames, models, type ModelName } from './simulation/models.ts'
import { benchPopulation } from './simulation/population.ts'
import { reportModel, type Contender } from './simulation/report.ts'
import { deviceScript, python, startWorkers, torchScript, type Run, type Workers } from './simulation/workers.ts'

/** How much a process does in one run: enough to time, little enough for what is slow. */
interface Share {
  readonly numExamples: number
  readonly epochs: number
  readonly numUpdates: number
  readonly numRuns: number
}

const numProcesses = 2
/** Runs of the two that are compared, in turns. */
const numTurns = 7

/**
 * Local training of simulated devices, by two processes that each train one device after another and sum up their updates:
 * the compiled trainer beside a bare PyTorch loop (where python3 has torch), in turns; then tfjs's backends. `--write` puts
 * the result into docs/benchmarks.md, `--only 2nn|cnn|population` measures one model or what devices cost that are not asked,
 * `--without-tfjs` leaves tfjs out.
 */
export async function benchSimulation(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      write: { type: 'boolean', default: false },
      only: { type: 'string' },
      'without-tfjs': { type: 'boolean', default: false },
    },
  })
  if (values.only === undefined || values.only === 'population') {
    const population = [measuredWhere(), '', await benchPopulation()].join('\n')
    console.log(population)
    if (values.write) await writeSection('population', population)
    if (values.only === 'population') return
  }
  const withTorch = await python()
  if (withTorch === undefined) console.error('no python3 has torch: nothing stands beside the compiled trainer')
  const sections: string[] = []
  for (const name of modelNames) {
    if (values.only !== undefined && values.only !== name) continue
    const contenders = await inTurns(name, withTorch)
    if (!values['without-tfjs']) contenders.push(...(await ofTfjs(name)))
    sections.push(reportModel(models[name].title, models[name].plan.epochs, contenders))
  }
  const text = [measuredWhere(), '', ...sections].join('\n')
  console.log(text)
  if (values.write) await writeSection('simulation', text)
}

async function inTurns(name: ModelName, withTorch: string | undefined): Promise<Contender[]> {
  const { epochs } = models[name].plan
  const share = { numExamples: examplesOfDevice, epochs, numUpdates: name === '2nn' ? 25 : 1, numRuns: numTurns }
  const workers = [{ title: 'compiled', workers: await nodeWorkers('native', name, share) }]
  if (withTorch !== undefined) {
    const { numExamples, numUpdates } = share
    const torchArgs = [torchScript, name, ...[numExamples, epochs, numUpdates].map(String)]
    workers.push({ title: 'PyTorch', workers: await startWorkers(withTorch, torchArgs, numProcesses) })
  }
  const runs = workers.map((): Run[] => [])
  for (let turn = 0; turn < numTurns; turn++)
    for (const [i, each] of workers.entries()) {
      console.error(`${name}, turn ${turn + 1} of ${numTurns}: ${each.title} …`)
      runs[i]!.push(await each.workers.run())
    }
  for (const each of workers) await each.workers.stop()
  return workers.map(({ title, workers: { version } }, i) => ({
    title: version ?? title,
    runs: runs[i]!,
    examplesEach: numProcesses * share.numExamples * share.epochs * share.numUpdates,
  }))
}

/** One step of the CNN takes the cpu backend many seconds: it gets no more. */
const shares: Readonly<Record<ModelName, Readonly<Record<string, Share>>>> = {
  '2nn': {
    'patched wasm': { numExamples: 600, epochs: 1, numUpdates: 4, numRuns: 3 },
    wasm: { numExamples: 600, epochs: 1, numUpdates: 2, numRuns: 3 },
    cpu: { numExamples: 600, epochs: 1, numUpdates: 1, numRuns: 3 },
  },
  cnn: {
    'patched wasm': { numExamples: 100, epochs: 1, numUpdates: 1, numRuns: 3 },
    wasm: { numExamples: 100, epochs: 1, numUpdates: 1, numRuns: 3 },
    cpu: { numExamples: 10, epochs: 1, numUpdates: 1, numRuns: 1 },
  },
}

async function ofTfjs(name: ModelName): Promise<Contender[]> {
  const contenders: Contender[] = []
  for (const [engine, share] of Object.entries(shares[name])) {
    console.error(`${name}: tfjs, ${engine} …`)
    const examplesEach = numProcesses * share.numExamples * share.epochs * share.numUpdates
    const title = engine === 'patched wasm' ? 'tfjs 4.22 wasm, with our kernels' : `tfjs 4.22 ${engine}`
    try {
      const workers = await nodeWorkers(engine, name, share)
      const runs: Run[] = []
      for (let i = 0; i < share.numRuns; i++) runs.push(await workers.run())
      await workers.stop()
      contenders.push({ title, runs, examplesEach })
    } catch (error) {
      contenders.push({ title, runs: [], examplesEach, failed: error instanceof Error ? error.message : String(error) })
    }
  }
  return contenders
}

function nodeWorkers(engine: string, name: ModelName, share: Share): Promise<Workers> {
  const { numExamples, epochs, numUpdates } = share
  const args = [deviceScript, engine, name, ...[numExamples, epochs, numUpdates].map(String)]
  return startWorkers(process.execPath, ['--import', 'tsx', ...args], numProcesses)
}
