import { expect, it } from '@jest/globals'
import { makeStrategy, type StrategySpec } from '@panal/server'
import { digitsLike } from '../../../fixtures/task-document.ts'
import type { Static } from 'typebox'

const { strategy, plan } = digitsLike()
/** Weights of updates that claim this many examples. */
const weights = (changes: Partial<Static<typeof StrategySpec>>, maxExamples?: number): number[] => {
  const limited = { ...plan, ...(maxExamples !== undefined && { maxExamples }) }
  return [1, 300, 999, 1001, 2 ** 31].map(makeStrategy({ strategy: { ...strategy, ...changes }, plan: limited }).weight)
}

it.each<[string, number[], number[]]>([
  ['1,000 where the task says nothing', weights({}), [1, 300, 999, 1000, 1000]],
  ['maxWeight, also above that', weights({ maxWeight: 5000 }), [1, 300, 999, 1001, 5000]],
  ['maxWeight, also in parts', weights({ maxWeight: 0.5 }), [0.5, 0.5, 0.5, 0.5, 0.5]],
  ['what the plan lets a device use', weights({}, 300), [1, 300, 300, 300, 300]],
  ['the lower of both', weights({ maxWeight: 200 }, 300), [1, 200, 200, 200, 200]],
  ['1 where examples do not count', weights({ weight: 'uniform' }, 300), [1, 1, 1, 1, 1]],
])('[R18] an update weighs at most %s', (_, found, expected) => {
  expect(found).toEqual(expected)
})
