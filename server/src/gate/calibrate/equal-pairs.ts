import { changed, type Pair, type Side } from './side.ts'
import { noise } from './changes/noise.ts'
import type { RecordedModel, Recording } from './recording.ts'

const as = (model: RecordedModel): Side => ({ model, changes: [] })

/** The champion's own answers once more, as another model's. */
export const samePair = ({ champion }: Recording): Pair => ({ candidate: as(champion), champion: as(champion) })

/** Twice the champion with noise of its own: as good as each other, example by example. */
export const jitteredPair = ({ champion, jitter }: Recording): Pair => ({
  candidate: changed(as(champion), noise(jitter.std)),
  champion: changed(as(champion), noise(jitter.std)),
})

/**
 * Champion and another version, which of them is the candidate being tossed for each example: they differ as models from
 * two rounds do, and neither is better on any part of the examples. Undefined where there is no such version.
 */
export const exchangedPair = ({ champion, like }: Recording): Pair | undefined =>
  like === null
    ? undefined
    : {
        candidate: { ...as(champion), exchanged: { with: like, where: 1 } },
        champion: { ...as(champion), exchanged: { with: like, where: 0 } },
      }

/** The pair of equals that faults are put into: the one most like what the gate sees. */
export const usualPair = (recording: Recording): Pair => exchangedPair(recording) ?? jitteredPair(recording)
