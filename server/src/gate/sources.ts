import { canonicalJson, type Params } from '@panal/client-core'
import type { Baseline, BaselinePredictions } from './baselines/baseline.ts'
import type {
  Evaluator,
  Examples,
  GateSubject,
  ModelRef,
  Predictions,
  Variation,
  VariedPredictions,
} from './contract.ts'
import { once } from './once.ts'
import type { PredictionCache } from './prediction-cache.ts'

/** What a live judgement is made of. */
export interface SourceParts {
  readonly evaluator: Evaluator
  readonly loadParams: (taskId: string, model: ModelRef) => Promise<Params>
  readonly cache: PredictionCache
  /** Apart, so that many variations do not push out what every check asks for. */
  readonly variedCache: PredictionCache<VariedPredictions>
}

/** What a model is in a judgement. */
export type Role = 'candidate' | 'base' | 'champion' | 'anchor'

/**
 * The models and data of one judgement. Arguments and answers are plain data, so that checks can ask from another thread;
 * datasets go by their digests.
 */
export interface Sources {
  params(of: Role): Promise<Params>
  examples(datasetSha256: string): Promise<Examples>
  answers(of: Role, datasetSha256: string): Promise<Predictions>
  /** Another pass, whatever was kept. */
  answersAnew(of: Role, datasetSha256: string): Promise<Predictions>
  answersUnder(of: Role, datasetSha256: string, variation: Variation): Promise<VariedPredictions>
  baseline(baseline: Baseline): Promise<BaselinePredictions>
}

/** Models run by the evaluator, unless their answers are kept. Weights are read at most once. */
export function makeSources(subject: GateSubject, parts: SourceParts, signal: AbortSignal): Sources {
  const { document } = subject
  const { evaluator, cache, variedCache } = parts
  const params = once((of: Role) => parts.loadParams(document.id, refOf(subject, of)))
  const run = async (of: Role, datasetSha256: string): Promise<Predictions> =>
    evaluator.predict({ document, params: await params(of), datasetSha256 }, signal)
  const keyOf = (of: Role, datasetSha256: string): string =>
    `${document.id} ${refOf(subject, of).weightsSha256} ${datasetSha256}`
  return {
    params,
    examples: (datasetSha256) => evaluator.describe({ document, datasetSha256 }, signal),
    answers: (of, datasetSha256) => kept(cache, keyOf(of, datasetSha256), () => run(of, datasetSha256)),
    answersAnew: run,
    answersUnder: (of, datasetSha256, variation) =>
      kept(variedCache, `${keyOf(of, datasetSha256)} ${canonicalJson(variation)}`, async () =>
        evaluator.predictVaried({ document, params: await params(of), datasetSha256, variation }, signal),
      ),
    // Kept between judgements, for it depends on the data alone. Nothing else is kept under such a key.
    baseline: async (baseline) => {
      const { evaluation, gate } = document.sets
      const key = `baseline ${evaluation} ${gate} ${JSON.stringify([document.data, baseline])}`
      const answers = await kept(cache, key, () => evaluator.baseline({ document, baseline }, signal))
      return answers as BaselinePredictions
    },
  }
}

function refOf(subject: GateSubject, of: Role): ModelRef {
  const ref = subject[of]
  if (ref === null) throw new Error(`the judgement has no ${of}`)
  return ref
}

async function kept<Answers extends Predictions | VariedPredictions>(
  cache: PredictionCache<Answers>,
  key: string,
  make: () => Promise<Answers>,
): Promise<Answers> {
  const known = cache.get(key)
  if (known !== undefined) return known
  const answers = await make()
  cache.set(key, answers)
  return answers
}
