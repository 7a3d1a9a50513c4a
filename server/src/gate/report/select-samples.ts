import { PanalError, type SampleQuery } from '@panal/client-core'
import type { Examples, Predictions } from '../contract.ts'
import { predictedClasses } from '../statistics/accuracy.ts'
import { logLosses } from '../statistics/log-loss.ts'

export interface Answered {
  readonly examples: Examples
  readonly candidate: Predictions
  /** Whom the query names, or the champion; undefined where there is none. */
  readonly reference?: Predictions | undefined
  /** [numExamples] 1 for the examples that a variation changed; undefined without one. */
  readonly applies?: Uint8Array | undefined
}

/**
 * Places of the examples that a query asks for, worst first; equal ones by id, then by where the file has them. By
 * regression without a reference is by loss.
 * @throws PanalError 'bad-request' on a column or class that the set does not have, 'not-found' of a model that gives no
 * probabilities
 */
export function selectSamples(query: SampleQuery, { examples, candidate, reference, applies }: Answered): Int32Array {
  const { numExamples, ids, rows, labels } = examples
  const fits = [
    ...query.where.map((condition) => inSegment(condition, examples)),
    ...(query.label === undefined ? [] : [ofClass(query.label, examples)]),
    ...(query.candidate === undefined ? [] : [answered(query.candidate, candidate, labels)]),
    ...(query.reference === undefined || reference === undefined
      ? []
      : [answered(query.reference.was, reference, labels)]),
    ...(applies === undefined ? [] : [(place: number) => applies[place] === 1]),
  ]
  const badness = badnessOf(query.order, candidate, reference)
  return Int32Array.from({ length: numExamples }, (_, place) => place)
    .filter((place) => fits.every((fit) => fit(place)))
    .sort(
      (a, b) =>
        badness[b]! - badness[a]! || (ids[a]! < ids[b]! ? -1 : ids[a]! > ids[b]! ? 1 : 0) || rows[a]! - rows[b]!,
    )
}

type Fits = (place: number) => boolean

function inSegment({ column: name, value }: SampleQuery['where'][number], { segments }: Examples): Fits {
  const column = segments.find((each) => each.name === name)
  if (column === undefined) throw new PanalError('bad-request', 'the set has no such column to choose by')
  const code = column.values.indexOf(value)
  return (place) => code >= 0 && column.codes[place] === code
}

function ofClass(label: string, { classes, labels }: Examples): Fits {
  const wanted = classes.indexOf(label)
  if (wanted < 0) throw new PanalError('bad-request', 'the task has no such class')
  return (place) => labels[place] === wanted
}

function answered(was: 'right' | 'wrong', predictions: Predictions, labels: Int32Array): Fits {
  const classes = predictedClasses(predictions)
  return (place) => (classes[place] === labels[place]) === (was === 'right')
}

function badnessOf(order: SampleQuery['order'], candidate: Predictions, reference?: Predictions): Float64Array {
  const own = lossesOf(candidate)
  if (order === 'loss' || reference === undefined) return own
  const theirs = lossesOf(reference)
  return own.map((loss, place) => loss - theirs[place]!)
}

/** A model may have been blocked for what it answers. */
function lossesOf(predictions: Predictions): Float64Array {
  try {
    return logLosses(predictions)
  } catch (cause) {
    throw new PanalError('not-found', 'the model does not answer with probabilities', { cause })
  }
}
