import type { Change } from '../side.ts'
import type { Recording } from '../recording.ts'
import { membersOf, type Where } from '../where.ts'

/** A model's own mistakes: of each the probability of the true class, then the others falling. */
type Mistakes = readonly Float32Array[]

/**
 * Right answers in one segment become wrong, each with this chance: the runner-up is answered instead of the true class,
 * as surely as the champion is where it errs on the gate set. So a planted mistake looks like the others.
 * @param rate of the right answers
 */
export function forget(recording: Pick<Recording, 'examples' | 'champion'>, where: Where, rate: number): Change {
  let mistakes: Mistakes | undefined
  return ({ drawn, probabilities, numClasses }, rng) => {
    mistakes ??= mistakesOf(recording)
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

function mistakesOf({ champion: { on }, examples: { gate } }: Pick<Recording, 'examples' | 'champion'>): Mistakes {
  const width = gate.classes.length
  const mistakes: Float32Array[] = []
  gate.labels.forEach((label, place) => {
    const row = on.gate.subarray(place * width, (place + 1) * width)
    const ranked = rank(row)
    if (ranked[0] === label) return
    mistakes.push(Float32Array.from([label, ...ranked.filter((each) => each !== label)], (each) => row[each]!))
  })
  return mistakes
}
