import { expect, it } from '@jest/globals'
import { ladderStep, roundToLadder } from '../../../../../server/src/gate/statistics/ladder.ts'

it('steps are 1/√n, and .001 from a million on', () => {
  expect(ladderStep(400)).toBe(0.05)
  expect(ladderStep(5000)).toBe(0.02) // 1/√5000 = 0.0141
  expect(ladderStep(1)).toBe(1)
  expect(ladderStep(1e6)).toBe(1e-3)
  expect(ladderStep(1e8)).toBe(1e-3)
  expect(() => ladderStep(0)).toThrow(RangeError)
})
it('rounds to the nearest multiple', () => {
  expect(roundToLadder(0.93, 400)).toBeCloseTo(0.95, 12)
  expect(roundToLadder(0.92, 400)).toBeCloseTo(0.9, 12)
})
