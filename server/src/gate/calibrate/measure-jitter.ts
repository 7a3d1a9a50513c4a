import { makeRng } from '@panal/client-core'
import type { Predictions } from '../contract.ts'
import { predictedClasses } from '../statistics/accuracy.ts'
import { noise } from './changes/noise.ts'
import type { Jitter, Recording } from './recording.ts'
import { asRecorded } from './draw-sets.ts'

/** Answers that differ between two equal models where no second version says how many do. */
const usualDisagreement = 0.02
/** Of logits: beyond it answers are noise. */
const largestStd = 8

/**
 * The noise with which two models made of the champion disagree as often as the champion and another version do, on the
 * evaluation set. By bisection over the same noise, larger and smaller.
 */
export function measureJitter({
  examples: { evaluation },
  champion,
  like,
}: Pick<Recording, 'examples' | 'champion' | 'like'>): Jitter {
  const { labels, classes } = evaluation
  const numClasses = classes.length
  const drawn = asRecorded(evaluation, makeRng('jitter/coins'))
  const answers = (probabilities: Float32Array): Predictions => ({ probabilities, labels, numClasses })
  const noisy = (std: number, who: string): Predictions => {
    const probabilities = champion.on.evaluation.slice()
    noise(std)({ drawn, probabilities, numClasses }, makeRng(`jitter/${who}`))
    return answers(probabilities)
  }
  const disagreementAt = (std: number): number => disagreement(noisy(std, 'one'), noisy(std, 'other'))
  const wanted =
    like === null ? usualDisagreement : disagreement(answers(champion.on.evaluation), answers(like.on.evaluation))
  let [low, high] = [0, largestStd]
  for (let step = 0; step < 20; step++) {
    const middle = (low + high) / 2
    if (disagreementAt(middle) < wanted) low = middle
    else high = middle
  }
  return { std: high, disagreement: disagreementAt(high) }
}

function disagreement(one: Predictions, other: Predictions): number {
  const [ours, theirs] = [predictedClasses(one), predictedClasses(other)]
  return ours.filter((answer, row) => answer !== theirs[row]).length / Math.max(1, ours.length)
}
