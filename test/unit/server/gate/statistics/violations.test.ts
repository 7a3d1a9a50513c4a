import { describe, expect, it } from '@jest/globals'
import { clopperPearson } from '../../../../../server/src/gate/statistics/clopper-pearson.ts'
import {
  casesNeeded,
  directionViolations,
  invarianceViolations,
} from '../../../../../server/src/gate/statistics/violations.ts'

/** Two classes; the second has these probabilities. */
const binary = (...positive: readonly number[]) => ({
  probabilities: Float32Array.from(positive.flatMap((p) => [1 - p, p])),
  labels: new Int32Array(positive.length),
  numClasses: 2,
})

describe('invariance', () => {
  it('is violated by a flip, however small, and by a total variation over .1', () => {
    // .49 → .51 flips; .2 → .25 varies by .05; .2 → .35 by .15
    expect([...invarianceViolations(binary(0.49, 0.2, 0.2), binary(0.51, 0.25, 0.35))]).toEqual([1, 0, 1])
    expect([...invarianceViolations(binary(0.2), binary(0.35), 0.2)]).toEqual([0])
  })
})

describe('direction', () => {
  it('is violated by the wrong way beyond the tolerance; what cannot fall further is no case', () => {
    const up = { classIndex: 1, expected: 'up' } as const
    const { violated, canFail } = directionViolations(binary(0.5, 0.5, 0.5, 0.005), binary(0.6, 0.495, 0.4, 0), up)
    expect([...violated]).toEqual([0, 0, 1, 0])
    expect([...canFail]).toEqual([1, 1, 1, 0])
  })
  it('down is up turned round', () => {
    const down = { classIndex: 1, expected: 'down' } as const
    const { violated, canFail } = directionViolations(binary(0.5, 0.5, 0.995), binary(0.6, 0.4, 1), down)
    expect([...violated]).toEqual([1, 0, 0])
    expect([...canFail]).toEqual([1, 1, 0])
  })
})

describe('cases needed', () => {
  it('are 59 for 5 % and 149 for 2 %: the least with an upper bound at or under the limit', () => {
    expect([casesNeeded(0.05), casesNeeded(0.02)]).toEqual([59, 149])
    for (const limit of [0.01, 0.02, 0.05, 0.3]) {
      expect(clopperPearson(0, casesNeeded(limit))[1]).toBeLessThanOrEqual(limit)
      expect(clopperPearson(0, casesNeeded(limit) - 1)[1]).toBeGreaterThan(limit)
    }
    expect(() => casesNeeded(0)).toThrow(RangeError)
  })
})
