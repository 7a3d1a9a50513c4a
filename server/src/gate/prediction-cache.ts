import type { Predictions } from './contract.ts'

/** Predictions by key, the least recently used dropped first. */
export interface PredictionCache {
  get(key: string): Predictions | undefined
  set(key: string, predictions: Predictions): void
}

/** @param maxBytes held at most; predictions that are larger on their own are not kept. */
export function makePredictionCache(maxBytes: number): PredictionCache {
  // A Map keeps insertion order: the first key is the one unused for longest.
  const kept = new Map<string, Predictions>()
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

const sizeOf = ({ probabilities, labels }: Predictions): number => probabilities.byteLength + labels.byteLength
