import { expect, it } from '@jest/globals'
import { mean, sum } from '../../../../../server/src/gate/statistics/summation.ts'

it('keeps what plain addition loses: 1 + 1e100 + 1 − 1e100 = 2', () => {
  expect(sum([1, 1e100, 1, -1e100])).toBe(2)
})

it('gives ten tenths exactly 1, where plain addition gives .9999999999999999', () => {
  expect(sum(Array.from({ length: 10 }, () => 0.1))).toBe(1)
})

it('is 0 of nothing, and lets infinities and NaN through', () => {
  expect(sum([])).toBe(0)
  expect(sum([1, Infinity, 2])).toBe(Infinity)
  expect(sum([1, NaN])).toBeNaN()
})

it('has no mean of nothing', () => {
  expect(mean([1, 2, 6])).toBe(3)
  expect(() => mean([])).toThrow(RangeError)
})
