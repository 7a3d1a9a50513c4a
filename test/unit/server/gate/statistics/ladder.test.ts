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
it('gives the very number that is written so', () => {
  // 47 · .02 is .9400000000000001 in floats
  expect(roundToLadder(0.9412, 5000)).toBe(0.94)
  for (const [n, step] of [
    [1, 1],
    [5, 0.5],
    [30, 0.2],
    [100, 0.1],
    [400, 0.05],
    [5000, 0.02],
    [10_000, 0.01],
    [40_000, 0.005],
    [300_000, 0.002],
    [1e6, 0.001],
  ] as const) {
    expect(ladderStep(n)).toBe(step)
    for (let score = 0; score < 3; score += 0.0137)
      expect(String(roundToLadder(score, n)).length).toBeLessThanOrEqual('2.345'.length)
  }
})
it('rounds to the nearest multiple', () => {
  expect(roundToLadder(0.93, 400)).toBeCloseTo(0.95, 12)
  expect(roundToLadder(0.92, 400)).toBeCloseTo(0.9, 12)
})
