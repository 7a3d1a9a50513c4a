import { PanalError, type ModelAnswer, type SamplePage, type SampleQuery } from '@panal/client-core'
import { Value } from 'typebox/value'
import type { Registry } from '../../registry/registry.ts'
import type { TaskStore } from '../../registry/task-store.ts'
import type { Evaluator, ExampleReader, JudgedModel, ModelRef, Predictions } from '../contract.ts'
import { openEvaluation, type EvaluationParts } from '../open-evaluation.ts'
import { predictedClasses } from '../statistics/accuracy.ts'
import { VariationSpec } from '../variations/registry.ts'
import { selectSamples } from './select-samples.ts'

export interface SampleReaderParts extends EvaluationParts {
  readonly evaluator: Evaluator & ExampleReader
  readonly registry: Pick<Registry, 'version'>
  readonly tasks: Pick<TaskStore, 'get'>
}

/** Which examples, of which judgement. */
export interface SampleRequest {
  readonly taskId: string
  readonly version: number
  readonly query: SampleQuery
  readonly offset: number
  readonly limit: number
}

export interface SampleReader {
  /**
   * Some of the examples behind a row of a version's report. The models answer again, in the evaluator's worker, unless
   * their answers are still kept from judging.
   * @throws PanalError 'unknown-task' | 'unknown-version' | 'not-found' (not judged yet) | 'bad-request'
   */
  read(request: SampleRequest, signal: AbortSignal): Promise<SamplePage>
}

export function makeSampleReader(parts: SampleReaderParts): SampleReader {
  const { registry, tasks, evaluator } = parts
  const refOf = (taskId: string, version: number | null): ModelRef | null =>
    version === null ? null : { version, weightsSha256: registry.version(taskId, version).weightsSha256 }

  return {
    async read({ taskId, version, query, offset, limit }, signal) {
      const { document } = tasks.get(taskId)
      const { evaluation: report, weightsSha256 } = registry.version(taskId, version)
      if (report === null) throw new PanalError('not-found', 'the gate has not judged this version')
      const candidate = { version, weightsSha256 }
      const evaluation = openEvaluation(
        {
          document,
          candidate,
          base: candidate,
          champion: refOf(taskId, report.champion),
          anchor: refOf(taskId, report.anchor),
        },
        parts,
        signal,
      )
      const name = query.reference?.model ?? 'champion'
      const reference = evaluation[name]
      const { set } = query
      const examples = await evaluation.examples(set)
      const [ours, theirs] = [
        await answersOf(evaluation.candidate, query),
        reference === null ? undefined : await answersOf(reference, query),
      ]
      const places = selectSamples(query, {
        examples,
        candidate: ours.predictions,
        reference: theirs?.predictions,
        applies: ours.applies,
      })
      const shown = places.slice(offset, offset + limit)
      const contents = await evaluator.show({ document, datasetSha256: document.sets[set], places: shown }, signal)
      const sayOurs = answersBy(ours.predictions, examples.classes)
      const sayTheirs = theirs && answersBy(theirs.predictions, examples.classes)
      return {
        total: places.length,
        offset,
        ...(reference !== null && { reference: { model: name, version: reference.version } }),
        samples: Array.from(shown, (place, i) => {
          const { image, columns } = contents[i]!
          return {
            id: examples.ids[place]!,
            row: examples.rows[place]!,
            label: examples.classes[examples.labels[place]!]!,
            candidate: sayOurs(place),
            ...(sayTheirs && { reference: sayTheirs(place) }),
            ...(columns && { columns }),
            ...(image && { image: { ...image, png: Buffer.from(image.png).toString('base64') } }),
          }
        }),
      }
    },
  }
}

/** What a model answers; on examples as a variation changes them where the query names one. */
async function answersOf(
  model: JudgedModel,
  { set, variation }: SampleQuery,
): Promise<{ predictions: Predictions; applies?: Uint8Array }> {
  if (variation === undefined) return { predictions: await model.on(set) }
  const { seed, ...spec } = variation
  if (model.under === undefined || typeof seed !== 'number' || !Value.Check(VariationSpec, spec))
    throw new PanalError('bad-request', 'this server knows no such variation')
  return model.under(set, { ...spec, seed })
}

function answersBy(predictions: Predictions, classes: readonly string[]): (place: number) => ModelAnswer {
  const { probabilities, labels, numClasses } = predictions
  const answers = predictedClasses(predictions)
  const p = (place: number, k: number) => Math.min(1, Math.max(0, probabilities[place * numClasses + k]!))
  return (place) => ({
    answer: classes[answers[place]!]!,
    pAnswer: p(place, answers[place]!),
    pLabel: p(place, labels[place]!),
  })
}
