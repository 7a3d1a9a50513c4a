import { canonicalJson, type Params } from '@panal/client-core'
import type { TaskDocument } from '../registry/task-document.ts'
import type { Baseline, BaselinePredictions } from './baselines/baseline.ts'
import type {
  CaseSet,
  Evaluation,
  Evaluator,
  GateSubject,
  JudgedModel,
  ModelRef,
  Predictions,
  Variation,
  VariedPredictions,
} from './contract.ts'
import type { PredictionCache } from './prediction-cache.ts'

/** What a live evaluation is made of. */
export interface EvaluationParts {
  readonly evaluator: Evaluator
  readonly loadParams: (taskId: string, model: ModelRef) => Promise<Params>
  readonly cache: PredictionCache
  /** Apart, so that many variations do not push out what every check asks for. */
  readonly variedCache: PredictionCache<VariedPredictions>
}

/**
 * What the checks of one judgement are shown: models run by the evaluator, each at most once per set, fetched when first
 * asked for. Whatever becomes of a request is kept for this judgement: what failed once is not tried by each check in turn.
 */
export function openEvaluation(subject: GateSubject, parts: EvaluationParts, signal: AbortSignal): Evaluation {
  const { document, candidate } = subject
  const examples = once((datasetSha256: string) => parts.evaluator.describe({ document, datasetSha256 }, signal))
  // Asked by what it is, for each check makes its own object of it.
  const baselines = once((json: string) => answerBaseline(JSON.parse(json) as Baseline, { document, parts, signal }))
  const models = new Map<JudgedModel, ModelRunner>()
  const open = (ref: ModelRef): JudgedModel => {
    const runner = makeRunner(ref, { document, parts, signal })
    const model = judgedModel(ref, { runner, document })
    models.set(model, runner)
    return model
  }
  const answersTo = (datasetSha256: string): CaseSet => ({
    examples: () => examples(datasetSha256),
    of: (model) => {
      const runner = models.get(model)
      if (runner === undefined) throw new Error('the model is not of this evaluation')
      return runner.on(datasetSha256)
    },
  })
  return {
    document,
    candidate: open(candidate),
    base: open(subject.base),
    champion: subject.champion && open(subject.champion),
    anchor: subject.anchor && open(subject.anchor),
    examples: (set) => examples(document.sets[set]),
    calibration: answersTo(document.sets.calibration),
    cases: answersTo,
    baseline: (baseline) => baselines(JSON.stringify(baseline)),
    looks: subject.looks ?? { numLooks: 0, claims: [] },
    seed: `${document.seed}/${candidate.weightsSha256}`,
  }
}

interface Asked {
  readonly document: TaskDocument
  readonly parts: EvaluationParts
  readonly signal: AbortSignal
}

/** Kept between judgements: it depends on the data alone. */
async function answerBaseline(baseline: Baseline, { document, parts, signal }: Asked): Promise<BaselinePredictions> {
  const { evaluation, gate } = document.sets
  const key = `baseline ${evaluation} ${gate} ${JSON.stringify([document.data, baseline])}`
  const known = parts.cache.get(key)
  // Nothing else is kept under such a key.
  if (known !== undefined) return known as BaselinePredictions
  const answers = await parts.evaluator.baseline({ document, baseline }, signal)
  parts.cache.set(key, answers)
  return answers
}

/** One model over datasets, by their digests. */
interface ModelRunner {
  params(): Promise<Params>
  on(datasetSha256: string): Promise<Predictions>
  again(datasetSha256: string): Promise<Predictions>
  under(datasetSha256: string, variation: Variation): Promise<VariedPredictions>
}

function makeRunner(ref: ModelRef, { document, parts, signal }: Asked): ModelRunner {
  const { evaluator, loadParams, cache, variedCache } = parts
  let loading: Promise<Params> | undefined
  const params = (): Promise<Params> => (loading ??= loadParams(document.id, ref))
  const run = async (datasetSha256: string): Promise<Predictions> =>
    evaluator.predict({ document, params: await params(), datasetSha256 }, signal)
  const keyOf = (datasetSha256: string): string => `${document.id} ${ref.weightsSha256} ${datasetSha256}`
  const on = once(async (datasetSha256: string) => {
    const key = keyOf(datasetSha256)
    const known = cache.get(key)
    if (known !== undefined) return known
    const predictions = await run(datasetSha256)
    cache.set(key, predictions)
    return predictions
  })
  // Kept in the cache only: answers under all variations of a judgement may be too much to hold.
  const under = async (datasetSha256: string, variation: Variation): Promise<VariedPredictions> => {
    const key = `${keyOf(datasetSha256)} ${canonicalJson(variation)}`
    const known = variedCache.get(key)
    if (known !== undefined) return known
    const varied = await evaluator.predictVaried({ document, params: await params(), datasetSha256, variation }, signal)
    variedCache.set(key, varied)
    return varied
  }
  return { params, on, again: once(run), under }
}

const judgedModel = (
  ref: ModelRef,
  { runner, document: { sets } }: { runner: ModelRunner; document: TaskDocument },
): JudgedModel => ({
  ...ref,
  params: () => runner.params(),
  on: (set) => runner.on(sets[set]),
  again: (set) => runner.again(sets[set]),
  under: (set, variation) => runner.under(sets[set], variation),
})

/** Asks at most once for each key; everybody gets the same answer. */
function once<Key, Value>(ask: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const asked = new Map<Key, Promise<Value>>()
  return (key) => {
    const answer = asked.get(key) ?? ask(key)
    asked.set(key, answer)
    return answer
  }
}
