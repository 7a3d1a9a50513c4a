import type { Examples } from '../../contract.ts'
import type { Change } from '../side.ts'
import type { RecordedModel, Recording, SetName } from '../recording.ts'
import { membersOf, type Where } from '../where.ts'

/** The model's own mistakes on a set: row after row, falling, the probability of the true class first. */
type Mistakes = readonly Float32Array[]

/**
 * Right answers in one segment become wrong, each with this chance: the runner-up is answered instead of the true class,
 * as surely as the model is where it errs by itself. So a planted mistake looks like the model's others.
 * @param rate of the right answers
 */
export function forget(
  { examples, champion }: Pick<Recording, 'examples' | 'champion'>,
  where: Where,
  rate: number,
): Change {
  const known = new Map<SetName, Mistakes>()
  const mistakesOn = (set: SetName): Mistakes => {
    const found = known.get(set) ?? mistakesOf(champion, examples[set], set)
    known.set(set, found)
    return found
  }
  return ({ set, drawn, probabilities, numClasses }, rng) => {
    const mistakes = mistakesOn(set)
    const { labels } = drawn.examples
    for (const place of membersOf(drawn.examples, where)) {
      // Both are drawn whatever comes of them, so that every example has chance of its own.
      const [isForgotten, which] = [rng.uniform() < rate, rng.uniform()]
      if (!isForgotten) continue
      const row = probabilities.subarray(place * numClasses, (place + 1) * numClasses)
      const ranked = rank(row)
      if (ranked[0] !== labels[place]) continue
      const [truth, runnerUp, ...rest] = ranked
      const like = mistakes[Math.floor(which * mistakes.length)] ?? swapped(row, ranked)
      ;[truth!, runnerUp!, ...rest].forEach((label, i) => (row[label] = like[i]!))
    }
  }
}

/** Classes by falling probability, the lower one first where they tie, as answers are read. */
const rank = (row: Float32Array): number[] => [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b)

/** For a model without a mistake: as sure of the runner-up as it was of the truth. */
const swapped = (row: Float32Array, [truth, runnerUp, ...rest]: readonly number[]): Float32Array =>
  Float32Array.from([runnerUp!, truth!, ...rest], (label) => row[label]!)

function mistakesOf({ on }: RecordedModel, { labels, classes }: Examples, set: SetName): Mistakes {
  const width = classes.length
  const mistakes: Float32Array[] = []
  labels.forEach((label, place) => {
    const row = on[set].subarray(place * width, (place + 1) * width)
    const ranked = rank(row)
    if (ranked[0] === label) return
    mistakes.push(Float32Array.from([label, ...ranked.filter((each) => each !== label)], (each) => row[each]!))
  })
  return mistakes
}
