import { availableParallelism } from 'node:os'
import { readDataset, systemClock } from '@panal/client-core'
import type { DataReader } from '../data-reader.ts'
import { calibrate } from '../gate/calibrate/calibrate.ts'
import { calibrationHtml } from '../gate/calibrate/calibration-html.ts'
import { calibrationSvg } from '../gate/calibrate/calibration-svg.ts'
import type { CalibrationReport } from '../gate/calibrate/calibration-report.ts'
import { chooseVersions } from '../gate/calibrate/choose-versions.ts'
import { record } from '../gate/calibrate/record.ts'
import { trainFlipped } from '../gate/calibrate/train-flipped.ts'
import { scenarioNames, type ScenarioName } from '../gate/calibrate/scenarios/registry.ts'
import { makeEvaluator } from '../gate/evaluator.ts'
import { CommandError, exitCodes, type CliContext } from './context.ts'
import { gateCalibrateText } from './gate-calibrate-text.ts'
import type { GateCalibrateOptions } from './gate-calibrate.ts'
import { openWhole, type WholeFile } from './write-whole.ts'

/** Simulations of many rounds each: their mean is what is told. */
const driftRuns = 20

interface Work {
  readonly options: GateCalibrateOptions
  readonly reader: DataReader
  readonly context: CliContext
}

/** Runs the models once, then the gate many times. A signal ends it, and nothing is written then. */
export async function calibrateGate(taskId: string, { options, reader, context }: Work): Promise<void> {
  const stop = new AbortController()
  context.onStop(() => {
    if (stop.signal.aborted) context.exitNow(exitCodes.refused)
    stop.abort(new CommandError(exitCodes.refused, 'stopped', 'asked to stop; nothing was written'))
  })
  const files = await openAll(options)
  try {
    const report = await measure(taskId, { options, reader, context }, stop.signal)
    for (const { file, textOf } of files) await file.write(textOf(report))
    context.print(gateCalibrateText(report))
  } finally {
    for (const { file } of files) await file.discard()
  }
}

const forms = {
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  html: calibrationHtml,
  svg: calibrationSvg,
} as const satisfies Record<string, (report: CalibrationReport) => string>

interface Output {
  readonly file: WholeFile
  readonly textOf: (report: CalibrationReport) => string
}

async function openAll(options: GateCalibrateOptions): Promise<Output[]> {
  const outputs: Output[] = []
  try {
    for (const form of ['json', 'html', 'svg'] as const) {
      const path = options[form]
      if (path !== undefined) outputs.push({ file: await openWhole(path), textOf: forms[form] })
    }
    return outputs
  } catch (error) {
    for (const { file } of outputs) await file.discard()
    throw error
  }
}

async function measure(
  taskId: string,
  { options, reader, context }: Work,
  signal: AbortSignal,
): Promise<CalibrationReport> {
  const names = namesOf(options.only)
  const task = await reader.task(taskId)
  const { document } = task
  const versions = chooseVersions(reader.registry, taskId, options.version)
  const evaluator = makeEvaluator({ readBlob: (sha256) => reader.blobs.read(sha256) })
  const read = async (sha256: string) => readDataset(await reader.blobs.read(sha256), document.data)
  const tell = (doing: string): void => context.complain(`${doing}\n`)
  try {
    const recording = await record(document, versions, {
      evaluator,
      loadParams: (id, { version }) => reader.registry.params(id, version),
      trainFlipped: async (base) =>
        trainFlipped({
          task,
          base,
          optimizerState: await reader.registry.optimizerState(task, versions.champion.version),
          previous: await reader.registry.aggregate(taskId, versions.champion.version),
          earlierNorms: await reader.registry.earlierNorms(
            task,
            versions.champion.version,
            task.strategy.aggregator.numEarlierRounds ?? 0,
          ),
          ...(document.sets.root !== undefined && { root: await read(document.sets.root) }),
          dataset: await read(document.sets.evaluation),
          signal,
        }),
      signal,
      tell,
    })
    return await calibrate(recording, {
      names,
      runs: options.runs,
      faultRuns: options.faultRuns,
      ...(options.only === undefined && { drift: { rounds: options.rounds, runs: driftRuns } }),
      seed: options.seed,
      numWorkers: options.workers ?? Math.max(1, availableParallelism() - 1),
      signal,
      onRuns: progress(tell),
    })
  } finally {
    await evaluator.close()
  }
}

function namesOf(only: string | undefined): readonly ScenarioName[] {
  if (only === undefined) return scenarioNames
  const found = scenarioNames.filter((name) => name === only)
  if (found.length > 0) return found
  throw new CommandError(exitCodes.usage, 'bad-argument', `--only ${only}: there are`, scenarioNames)
}

/** A line for each twentieth of the runs, with the time that is left if the rest takes as long. */
function progress(tell: (line: string) => void): (done: number, of: number) => void {
  const clock = systemClock({ setTimeout, clearTimeout })
  const beganAt = clock.now()
  let told = 0
  return (done, of) => {
    const twentieths = Math.floor((20 * done) / of)
    if (twentieths === told) return
    told = twentieths
    const leftMs = ((clock.now() - beganAt) / done) * (of - done)
    tell(`${done} of ${of} runs, ${twentieths === 20 ? 'done' : `${timeLeft(leftMs)} left`}`)
  }
}

function timeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
