import { expect, it } from '@jest/globals'
import type { VariedPredictions } from '@panal/server'
import { makePredictionCache } from '../../../../server/src/gate/prediction-cache.ts'
import { predictions } from '../../../fixtures/gate-evaluation.ts'

/** n examples take 8 n bytes of probabilities and 4 n of labels. */
const ofBytes = (numBytes: number) => predictions(new Array<number>(numBytes / 12).fill(0.5))

it('drops what was unused for longest when it would hold too many bytes', () => {
  const cache = makePredictionCache(36)
  for (const key of ['a', 'b', 'c']) cache.set(key, ofBytes(12))
  expect(cache.get('a')).toBeDefined()
  cache.set('d', ofBytes(12))
  expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key) !== undefined)).toEqual([true, false, true, true])
  cache.set('e', ofBytes(36))
  expect(['a', 'c', 'd', 'e'].map((key) => cache.get(key) !== undefined)).toEqual([false, false, false, true])
})

it('counts a key once, however often it is set', () => {
  const cache = makePredictionCache(24)
  cache.set('a', ofBytes(12))
  cache.set('a', ofBytes(12))
  cache.set('b', ofBytes(12))
  expect(cache.get('a')).toBeDefined()
})

it('counts the cases of a variation with its answers', () => {
  const cache = makePredictionCache<VariedPredictions>(26)
  const varied = { predictions: ofBytes(12), applies: new Uint8Array(1) }
  for (const key of ['a', 'b', 'c']) cache.set(key, varied)
  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([undefined, varied, varied])
})

it('does not keep what is larger than all of it', () => {
  const cache = makePredictionCache(24)
  cache.set('a', ofBytes(12))
  cache.set('b', ofBytes(36))
  expect(cache.get('b')).toBeUndefined()
  expect(cache.get('a')).toBeDefined()
})
