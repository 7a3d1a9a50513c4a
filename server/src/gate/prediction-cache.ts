import type { Predictions, VariedPredictions } from './contract.ts'

/** Predictions by key, the least recently used dropped first. */
export interface PredictionCache<Kept extends Predictions | VariedPredictions = Predictions> {
  get(key: string): Kept | undefined
  set(key: string, predictions: Kept): void
}

/** @param maxBytes held at most (64 MiB); predictions that are larger on their own are not kept. */
export function makePredictionCache<Kept extends Predictions | VariedPredictions = Predictions>(
  maxBytes = 64 * 2 ** 20,
): PredictionCache<Kept> {
  // A Map keeps insertion order: the first key is the one unused for longest.
  const kept = new Map<string, Kept>()
  let numBytes = 0

  const drop = (key: string): void => {
    const old = kept.get(key)
    if (old === undefined) return
    kept.delete(key)
    numBytes -= sizeOf(old)
  }

  return {
    get: (key) => {
      const found = kept.get(key)
      if (found === undefined) return undefined
      kept.delete(key)
      kept.set(key, found)
      return found
    },
    set: (key, predictions) => {
      drop(key)
      if (sizeOf(predictions) > maxBytes) return
      kept.set(key, predictions)
      numBytes += sizeOf(predictions)
      for (const oldest of [...kept.keys()]) {
        if (numBytes <= maxBytes) break
        drop(oldest)
      }
    },
  }
}

const sizeOf = (kept: Predictions | VariedPredictions): number =>
  'applies' in kept
    ? sizeOf(kept.predictions) + kept.applies.byteLength
    : kept.probabilities.byteLength + kept.labels.byteLength
