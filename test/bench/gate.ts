import { parseArgs } from 'node:util'
import { makeRng } from '@panal/client-core'
import type { Evaluation, GateCheckSpec, JudgedModel, Predictions } from '@panal/server'
import { fitCalibrator } from '../../server/src/gate/calibrator.ts'
import { gateChecks, makeGateChecks } from '../../server/src/gate/checks/registry.ts'
import { predictedClasses } from '../../server/src/gate/statistics/accuracy.ts'
import { aucDifference } from '../../server/src/gate/statistics/auc.ts'
import { bootstrapMean } from '../../server/src/gate/statistics/bootstrap.ts'
import { forecastsOfAnswer, kernelCalibrationError } from '../../server/src/gate/statistics/calibration-error.ts'
import { testCalibration } from '../../server/src/gate/statistics/calibration-null.ts'
import { bootstrapClassMetric } from '../../server/src/gate/statistics/class-metrics.ts'
import { coxCalibration } from '../../server/src/gate/statistics/cox-calibration.ts'
import { discordance } from '../../server/src/gate/statistics/discordance.ts'
import { logLosses } from '../../server/src/gate/statistics/log-loss.ts'
import { pairedDifference, tInterval } from '../../server/src/gate/statistics/paired-difference.ts'
import { signFlips } from '../../server/src/gate/statistics/sign-flip.ts'
import { sliceLine } from '../../server/src/gate/statistics/slice-line.ts'
import { tangoInterval } from '../../server/src/gate/statistics/tango.ts'
import { gateDocument } from '../fixtures/gate-evaluation.ts'
import {
  examplesOf,
  numClasses,
  numExamples,
  sets,
  sliceCardinality,
  sliceColumns,
  sliceRows,
  sliceTable,
  wideRows,
  wideSliceTable,
  twoModels,
} from './gate/data.ts'
import { numpyPeer, type Peer } from './gate/peer.ts'
import { judgeWhole, type Judged } from './gate/whole.ts'
import { measuredWhere, writeSection } from './page.ts'

interface Row {
  readonly what: string
  readonly n: number
  readonly seconds: number
  /** Which of the peer's results is the same work, and what came out of ours. */
  readonly peer?: { readonly name: string; readonly value: readonly number[] }
}

const numReplicates = 2000
/** What the whole gate may take: on two cores, and of memory. */
const aim = { seconds: 20, bytes: 500e6 }

/**
 * What the gate's statistics and checks cost, one after another, on 10,000 examples of ten classes, and SliceLine on
 * 100,000 rows × 15 columns and on 5,000 rows × 100, beside NumPy where python3 has it; then the whole gate of the digits task, models and all.
 * `--write` puts the result into docs/benchmarks.md, `--whole` measures the whole gate only.
 */
export async function benchGate(args: readonly string[]): Promise<void> {
  const options = { write: { type: 'boolean', default: false }, whole: { type: 'boolean', default: false } } as const
  const { values } = parseArgs({ args: [...args], options })
  if (values.whole) {
    console.log(reportWhole(await judgeWhole()).join('\n'))
    return
  }
  const models = twoModels('bench')
  const table = sliceTable('bench')
  const statistics = await measureStatistics(models, table)
  const checks = await measureChecks(models)
  const whole = await judgeWhole()
  const { candidate, champion } = models
  const { confidence, correct } = forecastsOfAnswer(candidate)
  const peer = await numpyPeer(
    {
      'labels.i32': candidate.labels,
      'candidate.i32': predictedClasses(candidate),
      'reference.i32': predictedClasses(champion),
      'probabilities.f32': candidate.probabilities,
      'confidence.f64': Float64Array.from(confidence),
      'correct.f64': Float64Array.from(correct),
      'differences.f64': fewDifferences(models),
      'slice_codes.i32': rowMajor(table.columns),
      'slice_errors.f64': table.errors,
    },
    { numClasses, numReplicates, sliceColumns, sliceCardinality },
  )
  const text = [measuredWhere(), '', ...report(statistics, checks, peer), '', ...reportWhole(whole)].join('\n')
  console.log(text)
  if (values.write) await writeSection('gate', text)
}

type Models = ReturnType<typeof twoModels>
type Table = ReturnType<typeof sliceTable>

const rowMajor = (columns: readonly Int32Array[]): Int32Array =>
  Int32Array.from(
    { length: columns.length * sliceRows },
    (_, i) => columns[i % columns.length]![Math.floor(i / columns.length)]!,
  )

function fewDifferences({ candidate, champion }: Models): Float64Array {
  const [ours, theirs] = [logLosses(candidate), logLosses(champion)]
  return theirs.slice(0, 199).map((loss, i) => loss - ours[i]!)
}

/** Seconds of CPU, which other work on the machine changes little: the median of three, after a first one that compiles. */
async function timed<T>(work: () => T | Promise<T>): Promise<readonly [number, T]> {
  const times: number[] = []
  let value = await work()
  for (let i = 0; i < 3; i++) {
    const begin = process.cpuUsage()
    value = await work()
    const { user, system } = process.cpuUsage(begin)
    times.push((user + system) / 1e6)
  }
  return [times.sort((a, b) => a - b)[1]!, value]
}

async function measureStatistics(models: Models, { errors, ...table }: Table): Promise<Row[]> {
  const { candidate, champion: reference } = models
  const { labels } = candidate
  const key = { seed: 'bench', metric: 'macroF1' }
  const differences = pairwise(candidate, reference)
  const clusters = Int32Array.from(labels, (_, row) => row % 100)
  const forecasts = forecastsOfAnswer(candidate)
  const few = { confidence: forecasts.confidence, correct: forecasts.correct }
  const isOne = Uint8Array.from(labels, (label) => Number(label === 1))
  const scores = (of: Predictions) => Float64Array.from(labels, (_, row) => of.probabilities[row * numClasses + 1]!)
  const [ours, theirs] = [scores(candidate), scores(reference)]
  const rows: Row[] = []
  const add = async (what: string, work: () => readonly number[] | undefined, peer?: string, n = numExamples) => {
    const [seconds, value] = await timed(work)
    rows.push({ what, n, seconds, ...(peer !== undefined && { peer: { name: peer, value: value ?? [] } }) })
  }
  await add('log loss, paired t', () => tInterval(pairedDifference(pairwise(candidate, reference)), 0.05))
  await add('accuracy, Tango', () => tangoInterval(discordance(candidate, reference)))
  await add('AUC, DeLong (two models)', () => {
    const { difference, se } = aucDifference({ candidate: ours, reference: theirs }, isOne)!
    return [difference, se]
  })
  await add('AUC, DeLong (one model against chance)', () => deLongAlone(ours, isOne), 'delong')
  await add(
    `macro F1, BCa of ${numReplicates}`,
    () => bootstrapClassMetric('macroF1', { candidate, reference }, { key, numReplicates })!.interval,
    'bootstrap',
  )
  await add(
    `macro F1, BCa of ${numReplicates}, 100 clients`,
    () => bootstrapClassMetric('macroF1', { candidate, reference }, { key, numReplicates, clusters })!.interval,
  )
  await add(
    `mean, percentile-t of ${numReplicates}, 100 clients`,
    () => bootstrapMean(differences, { key, clusters })!.interval,
  )
  await add(
    'sign flips, 10,000 draws',
    () => [signFlips(fewDifferences(models), makeRng(1)).pAtMost(0)],
    'sign-flips',
    199,
  )
  await add(
    'calibration error and its null, 1000 draws',
    () => {
      const { error, nullMean } = testCalibration(forecasts, makeRng(1))
      return [error, nullMean]
    },
    'calibration-null',
  )
  await add(
    'temperature',
    () => Object.values(fitCalibrator(candidate, { method: 'temperature' })).slice(1) as number[],
  )
  await add('isotonic curves', () => {
    fitCalibrator(candidate, { method: 'isotonic' })
    return []
  })
  await add('Cox slope', () => [coxCalibration(few.confidence, few.correct)!.slope])
  await add('kernel calibration error', () => [kernelCalibrationError(few)!])
  await add(
    'SliceLine, 15 columns, 3 levels',
    () => sliceLine(table, errors).slices.map(({ score }) => score),
    'slice-line',
    sliceRows,
  )
  const wide = wideSliceTable('bench')
  await add(
    'SliceLine, 100 columns of 2 values, 3 levels',
    () => sliceLine(wide, wide.errors).slices.map(({ score }) => score),
    undefined,
    wideRows,
  )
  return rows
}

const pairwise = (candidate: Predictions, reference: Predictions): Float64Array => {
  const ours = logLosses(candidate)
  return logLosses(reference).map((loss, i) => loss - ours[i]!)
}

/** A reference that scores all alike has an area of ½ and no spread: what is left is the candidate's own. */
function deLongAlone(scores: Float64Array, isPositive: Uint8Array): readonly number[] {
  const { difference, se } = aucDifference(
    { candidate: scores, reference: new Float64Array(scores.length) },
    isPositive,
  )!
  return [difference + 0.5, se * se]
}

/** Settings of the checks that have no defaults. */
const settings: Partial<Record<keyof typeof gateChecks, object>> = {
  floor: { metric: 'accuracy', min: 0.5 },
  'no-regression': { against: 'champion' },
  cases: { dataset: '0'.repeat(64) },
  invariance: { variations: [{ name: 'noise', severity: 1 }] },
  direction: { expectations: [{ column: 'column0', effect: 'up', class: '1' }] },
  robustness: { variations: [1, 2, 3, 4, 5].map((severity) => ({ name: 'noise', severity })) },
}

async function measureChecks({ candidate, champion, columns }: Models): Promise<Row[]> {
  const rows: Row[] = []
  for (const name of Object.keys(gateChecks) as (keyof typeof gateChecks)[]) {
    const check = makeGateChecks([{ name, ...settings[name] } as GateCheckSpec]).find((each) => each.name === name)!
    const [seconds, { verdict }] = await timed(() => check.judge(evaluationOf({ candidate, champion, columns })))
    rows.push({ what: `${name} (${verdict})`, n: numExamples, seconds })
  }
  return rows
}

/** What a check is shown when every model has been run: the predictions are there, what is measured is the check. */
function evaluationOf({ candidate, champion, columns }: Models): Evaluation {
  const applies = new Uint8Array(numExamples).fill(1)
  const model = (version: number, predictions: Predictions): JudgedModel => ({
    version,
    weightsSha256: String(version).padStart(64, '0'),
    on: async () => predictions,
    again: async () => predictions,
    under: async () => ({ predictions: champion, applies }),
    params: async () => Float32Array.of(1),
  })
  const [own, other] = [model(2, candidate), model(1, champion)]
  const examples = (set: string) => examplesOf(set, candidate.labels, columns)
  return {
    document: { ...gateDocument(), segments: columns.slice(0, 3).map(({ name }) => name), sets },
    candidate: own,
    base: other,
    champion: other,
    anchor: other,
    examples: async (set) => examples(set),
    calibration: { examples: async () => examples('calibration'), of: (asked) => asked.on('gate') },
    cases: () => ({ examples: async () => examples('gate'), of: (asked) => asked.on('gate') }),
    looks: { numLooks: 3, claims: [] },
    seed: 'bench',
  }
}

function report(statistics: readonly Row[], checks: readonly Row[], peer: Peer | undefined): string[] {
  const time = (seconds: number) => (seconds < 0.1 ? `${(1000 * seconds).toFixed(1)} ms` : `${seconds.toFixed(2)} s`)
  const rate = ({ n, seconds }: Row) => Math.round(n / seconds).toLocaleString('en-US')
  const beside = (row: Row) => {
    const found = row.peer && peer?.results[row.peer.name]
    if (found === undefined) return '| | |'
    const [seconds, value] = found
    const off = Math.max(...value.map((each, i) => Math.abs(each - row.peer!.value[i]!)))
    return `| ${time(seconds)} (differs by ${off.toPrecision(2)}) | ${(row.seconds / seconds).toFixed(2)} |`
  }
  const compared =
    peer === undefined
      ? 'No python3 with NumPy here, so nothing stands beside.'
      : `Beside it ${peer.version}: test/bench/gate/reference.py, the same work as one writes it there.`
  return [
    compared,
    '',
    '| statistic | examples | CPU time | examples/s | NumPy | ours over it |',
    '| --- | --- | --- | --- | --- | --- |',
    ...statistics.map((row) => `| ${row.what} | ${row.n} | ${time(row.seconds)} | ${rate(row)} ${beside(row)}`),
    '',
    `Each check on ${numExamples} examples of ${numClasses} classes, predictions at hand:`,
    '',
    '| check | CPU time | examples/s |',
    '| --- | --- | --- |',
    ...checks.map((row) => `| ${row.what} | ${time(row.seconds)} | ${rate(row)} |`),
    `| all of them | ${time(checks.reduce((sum, { seconds }) => sum + seconds, 0))} | |`,
  ]
}

function reportWhole(judged: readonly Judged[]): string[] {
  const found = ['after a start of the server: nothing is kept', 'in a later round: the champion’s answers are kept']
  return [
    `The whole gate of the digits task, models and all: LeNet-5 (44,426 params), ${numExamples} images.`,
    '',
    '| a judgement | CPU time | wall time | longest stall of the main thread | most memory of the process |',
    '| --- | --- | --- | --- | --- |',
    ...judged.map(
      ({ cpuSeconds, wallSeconds, stallMs, peakBytes }, i) =>
        `| ${found[i]} | ${cpuSeconds.toFixed(1)} s | ${wallSeconds.toFixed(1)} s | ${stallMs.toFixed(0)} ms | ${Math.round(peakBytes / 1e6)} MB |`,
    ),
    `| aim | | ${aim.seconds} s | | ${aim.bytes / 1e6} MB |`,
  ]
}
