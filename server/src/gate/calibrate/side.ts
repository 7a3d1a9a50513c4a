import { makeRng, type Rng } from '@panal/client-core'
import type { Predictions, Variation, VariedPredictions } from '../contract.ts'
import type { DrawnSet } from './draw-sets.ts'
import { variedKey, type RecordedModel, type RecordedVariation, type SetName } from './recording.ts'

/** A model's answers to one drawn set, to be changed in place. */
export interface DrawnAnswers {
  readonly drawn: DrawnSet
  /** [numExamples, numClasses] rows that sum to 1. */
  readonly probabilities: Float32Array
  readonly numClasses: number
}

/**
 * Makes other answers of a model's. Law: how much chance it draws depends on the drawn set alone. It is made anew, with the
 * same chance, for the same examples under a variation: what it does to an example it does to it however it is varied.
 */
export type Change = (answers: DrawnAnswers, rng: Rng) => void

/** One of the two models of a run. */
export interface Side {
  readonly model: RecordedModel
  /** Another one that answers in its place where the coin is this: the two sides of a pair answer complementary halves. */
  readonly exchanged?: { readonly with: RecordedModel; readonly where: 0 | 1 }
  readonly changes: readonly Change[]
}

/** Candidate and champion of a run. */
export interface Pair {
  readonly candidate: Side
  readonly champion: Side
}

export const changed = (side: Side, change: Change): Side => ({ ...side, changes: [...side.changes, change] })

/** What a side answers to the sets that were drawn. */
export interface Answers {
  readonly on: (set: SetName) => Predictions
  /** To a set of cases, each of them once. */
  readonly onCases: (datasetSha256: string, cases: DrawnSet) => Predictions
  /** Absent where a model was not asked under variations. */
  readonly under?: (set: SetName, variation: Variation) => VariedPredictions
}

/** @param seed of the chance in its changes */
export function answersOf(side: Side, drawn: Readonly<Record<SetName, DrawnSet>>, seed: string): Answers {
  const answer = (name: string, to: DrawnSet, recorded: (model: RecordedModel) => Float32Array): Predictions => {
    const { labels, classes } = to.examples
    const numClasses = classes.length
    const probabilities = gather(side, to, { recorded, numClasses })
    side.changes.forEach((change, place) =>
      change({ drawn: to, probabilities, numClasses }, makeRng(`${seed}/${name}/${place}`)),
    )
    return { probabilities, labels, numClasses }
  }
  const kept = new Map<SetName, Predictions>()
  const on = (set: SetName): Predictions => {
    const known = kept.get(set) ?? answer(set, drawn[set], (model) => model.on[set])
    kept.set(set, known)
    return known
  }
  const onCases = (sha256: string, cases: DrawnSet): Predictions =>
    answer(`cases ${sha256}`, cases, ({ version, onCases: recorded }) =>
      present(recorded?.get(sha256), `version ${version} on ${sha256}`),
    )
  const { model, exchanged } = side
  const isVaried = model.under !== undefined && (exchanged === undefined || exchanged.with.under !== undefined)
  if (!isVaried) return { on, onCases }
  return {
    on,
    onCases,
    under: (set, variation) => {
      // Which examples it changes depends on the examples alone, and not on who answers them.
      const { applies } = variedOf(model, set, variation)
      return {
        predictions: answer(set, drawn[set], (each) => variedOf(each, set, variation).probabilities),
        applies: Uint8Array.from(drawn[set].rows, (row) => applies[row]!),
      }
    },
  }
}

function gather(
  { model, exchanged }: Side,
  { rows, coins }: DrawnSet,
  { recorded, numClasses }: { recorded: (model: RecordedModel) => Float32Array; numClasses: number },
): Float32Array {
  const own = recorded(model)
  const others = exchanged === undefined ? own : recorded(exchanged.with)
  const gathered = new Float32Array(rows.length * numClasses)
  // Plain loops: this is done for each variation that the checks ask for, in every run.
  for (let at = 0; at < rows.length; at++) {
    const from = exchanged?.where === coins[at] ? others : own
    const [source, target] = [rows[at]! * numClasses, at * numClasses]
    for (let k = 0; k < numClasses; k++) gathered[target + k] = from[source + k]!
  }
  return gathered
}

const variedOf = ({ version, under }: RecordedModel, set: SetName, variation: Variation): RecordedVariation =>
  present(under?.get(variedKey(set, variation)), `version ${version} under ${JSON.stringify(variation)}`)

function present<Recorded>(recorded: Recorded | undefined, what: string): Recorded {
  if (recorded === undefined) throw new Error(`no answers were recorded of ${what}`)
  return recorded
}
