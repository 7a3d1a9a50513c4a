import type { Params } from '@panal/client-core'
import type { ModelVersion } from '../../registry/model-version.ts'
import type { TaskDocument } from '../../registry/task-document.ts'
import type { BaselinePredictions } from '../baselines/baseline.ts'
import { makeGateChecks } from '../checks/registry.ts'
import type { Evaluator, Examples, ModelRef, Variation, VariedPredictions } from '../contract.ts'
import { openEvaluation } from '../open-evaluation.ts'
import { makePredictionCache } from '../prediction-cache.ts'
import { runChecks } from '../run-checks.ts'
import { makeSources } from '../sources.ts'
import { meanLogLoss } from '../statistics/log-loss.ts'
import { variationMisfits } from '../variations/registry.ts'
import type { ChosenVersions } from './choose-versions.ts'
import { measureJitter } from './measure-jitter.ts'
import type { FlippedRound } from './train-flipped.ts'
import { setNames, variedKey, type RecordedModel, type Recording, type SetName } from './recording.ts'

export interface RecordParts {
  readonly evaluator: Evaluator
  readonly loadParams: (taskId: string, model: ModelRef) => Promise<Params>
  readonly signal: AbortSignal
  /** Trains one round from the champion's weights, as the task would. Left out: nothing is trained. */
  readonly trainFlipped?: (champion: Params) => Promise<readonly FlippedRound[]>
  /** Told what is being done, before it is done. */
  readonly tell: (doing: string) => void
}

interface Asked {
  readonly variations: readonly (readonly [SetName, Variation])[]
  /** By the digests of the cases. */
  readonly cases: ReadonlyMap<string, Examples>
  readonly baselines: ReadonlyMap<string, BaselinePredictions>
}

/**
 * Runs every model that runs will need over every set, as it is and under each variation that the task's checks ask for;
 * once each. What they ask for is found by letting them judge. Cost: (models × (3 + variations) + columns) passes.
 * @throws the signal's reason; an Error in plain words where a dataset or a model cannot be used
 */
export async function record(document: TaskDocument, versions: ChosenVersions, parts: RecordParts): Promise<Recording> {
  const { champion, anchor, like, earlier } = versions
  const { evaluator, signal, tell } = parts
  const describe = (set: SetName): Promise<Examples> =>
    evaluator.describe({ document, datasetSha256: document.sets[set] }, signal)
  tell('reading the sets')
  const examples = {
    evaluation: await describe('evaluation'),
    calibration: await describe('calibration'),
    gate: await describe('gate'),
  }
  tell('asking the checks what they need')
  const { variations, cases, baselines } = await askChecks(document, versions, parts)
  const models = new Map<number, RecordedModel>()
  const run = async (version: ModelVersion): Promise<RecordedModel> => {
    const known = models.get(version.version)
    if (known !== undefined) return known
    tell(`running version ${version.version}`)
    const found = await runModel(document, version, { ...parts, variations, cases })
    models.set(version.version, found)
    return found
  }
  const recordedChampion = await run(champion)
  const recordedLike = like === null ? null : await run(like)
  const { id, seed, segments, data } = document
  const withLike = { examples, champion: recordedChampion, like: recordedLike }
  return {
    task: { id, seed, segments, data },
    checks: document.gate.checks,
    cases,
    ...withLike,
    anchor: anchor === null ? null : await run(anchor),
    earlier: await inTurn(earlier, run),
    withoutFeature: await loseFeature(document, { model: recordedChampion, examples }, parts),
    flippedLabels: await poison(document, recordedChampion, parts),
    baselines,
    jitter: measureJitter(withLike),
  }
}

async function inTurn<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (const item of items) results.push(await work(item))
  return results
}

/** Lets the checks judge the champion under another name, and notes what models are asked under and compared with. */
async function askChecks(
  document: TaskDocument,
  { champion, anchor }: ChosenVersions,
  { evaluator, loadParams, signal }: RecordParts,
): Promise<Asked> {
  const setOf = new Map(setNames.map((set) => [document.sets[set], set]))
  const variations = new Map<string, readonly [SetName, Variation]>()
  const baselines = new Map<string, BaselinePredictions>()
  const cases = new Map<string, Examples>()
  const noting: Evaluator = {
    ...evaluator,
    describe: async (request, abort) => {
      const examples = await evaluator.describe(request, abort)
      if (!setOf.has(request.datasetSha256)) cases.set(request.datasetSha256, examples)
      return examples
    },
    predictVaried: (request, abort) => {
      const set = setOf.get(request.datasetSha256)
      if (set !== undefined) variations.set(variedKey(set, request.variation), [set, request.variation])
      return evaluator.predictVaried(request, abort)
    },
    baseline: async (request, abort) => {
      const answers = await evaluator.baseline(request, abort)
      baselines.set(JSON.stringify(request.baseline), answers)
      return answers
    },
  }
  const nothing = { cache: makePredictionCache(0), variedCache: makePredictionCache<VariedPredictions>(0) }
  const subject = { document, base: champion, champion, anchor }
  const candidate = { version: champion.version, weightsSha256: `again ${champion.weightsSha256}` }
  const trial = { ...subject, candidate }
  const sources = makeSources(trial, { evaluator: noting, loadParams, ...nothing }, signal)
  const evaluation = openEvaluation(trial, sources)
  await runChecks(makeGateChecks(document.gate.checks), (check) => check.judge(evaluation), { signal })
  return { variations: [...variations.values()], cases, baselines }
}

async function runModel(
  document: TaskDocument,
  { version, weightsSha256 }: ModelRef,
  { evaluator, loadParams, signal, variations, cases }: RecordParts & Pick<Asked, 'variations' | 'cases'>,
): Promise<RecordedModel> {
  const params = await loadParams(document.id, { version, weightsSha256 })
  const onDataset = async (datasetSha256: string): Promise<Float32Array> =>
    (await evaluator.predict({ document, params, datasetSha256 }, signal)).probabilities
  const on = (set: SetName): Promise<Float32Array> => onDataset(document.sets[set])
  const onCases = await inTurn([...cases.keys()], async (sha256) => [sha256, await onDataset(sha256)] as const)
  const under = await inTurn(variations, async ([set, variation]) => {
    const request = { document, params, datasetSha256: document.sets[set], variation }
    const { predictions, applies } = await evaluator.predictVaried(request, signal)
    return [variedKey(set, variation), { probabilities: predictions.probabilities, applies }] as const
  })
  return {
    version,
    weightsSha256,
    params,
    on: { evaluation: await on('evaluation'), calibration: await on('calibration'), gate: await on('gate') },
    onCases: new Map(onCases),
    under: new Map(under),
  }
}

async function poison(
  document: TaskDocument,
  { version, weightsSha256, params: champion }: RecordedModel,
  { trainFlipped, evaluator, signal, tell }: RecordParts,
): Promise<Recording['flippedLabels']> {
  if (trainFlipped === undefined) return null
  tell('training a round with wrong labels')
  return inTurn(await trainFlipped(champion), async ({ share, params, refused }) => {
    const on = async (set: SetName): Promise<Float32Array> =>
      (await evaluator.predict({ document, params, datasetSha256: document.sets[set] }, signal)).probabilities
    const label = `${100 * share} %${refused === undefined ? '' : `, update refused: ${refused}`}`
    const own = { version, weightsSha256: `${weightsSha256} and ${label} wrong labels`, params }
    const answers = { evaluation: await on('evaluation'), calibration: await on('calibration'), gate: await on('gate') }
    return { label, share, model: { ...own, on: answers } }
  })
}

/** The champion without the column whose loss costs it most on the evaluation set. Null where there is no column. */
async function loseFeature(
  document: TaskDocument,
  { model, examples }: { model: RecordedModel; examples: Recording['examples'] },
  { evaluator, signal, tell }: RecordParts,
): Promise<Recording['withoutFeature']> {
  if (document.data.kind !== 'table') return null
  tell('taking features away')
  const without = async (column: string, set: SetName): Promise<Float32Array> => {
    const variation: Variation = { name: 'permute-column', column, seed: document.seed }
    const request = { document, params: model.params, datasetSha256: document.sets[set], variation }
    return (await evaluator.predictVaried(request, signal)).predictions.probabilities
  }
  const { labels, classes } = examples.evaluation
  const columns = document.data.columns
    .map(({ name }) => name)
    .filter((column) => variationMisfits({ name: 'permute-column', column }, document).length === 0)
  const losses = await inTurn(columns, async (column) => {
    const probabilities = await without(column, 'evaluation')
    return { column, loss: meanLogLoss({ probabilities, labels, numClasses: classes.length }) }
  })
  const [worst] = losses.sort((a, b) => b.loss - a.loss)
  if (worst === undefined) return null
  const { column } = worst
  const on = {
    evaluation: await without(column, 'evaluation'),
    calibration: await without(column, 'calibration'),
    gate: await without(column, 'gate'),
  }
  const { version, params } = model
  return { column, model: { version, weightsSha256: `${model.weightsSha256} without ${column}`, params, on } }
}
