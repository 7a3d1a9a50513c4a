import { PanalError, type ModelAnswer, type SamplePage, type SampleQuery } from '@panal/client-core'
import { Value } from 'typebox/value'
import type { Evaluation, JudgedModel, Predictions, ShownContent } from '../contract.ts'
import { predictedClasses } from '../statistics/accuracy.ts'
import { VariationSpec } from '../variations/registry.ts'
import { selectSamples } from './select-samples.ts'

/** Which examples, and how many of them. */
export interface PageRequest {
  readonly query: SampleQuery
  readonly offset: number
  readonly limit: number
}

/**
 * Some of the examples that a query asks for, with what the models answered.
 * @param show their content, of these places in the set
 * @throws PanalError 'bad-request' | 'not-found', as `selectSamples`
 */
export async function samplePage(
  evaluation: Evaluation,
  { query, offset, limit }: PageRequest,
  show: (places: Int32Array) => Promise<readonly ShownContent[]>,
): Promise<SamplePage> {
  const name = query.reference?.model ?? 'champion'
  const reference = evaluation[name]
  const examples = await evaluation.examples(query.set)
  const ours = await answersOf(evaluation.candidate, query)
  const theirs = reference === null ? undefined : await answersOf(reference, query)
  const places = selectSamples(query, {
    examples,
    candidate: ours.predictions,
    reference: theirs?.predictions,
    applies: ours.applies,
  })
  const shown = places.slice(offset, offset + limit)
  const contents = await show(shown)
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
