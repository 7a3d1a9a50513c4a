import { describe, expect, it } from '@jest/globals'
import { generalRule, readInterval, worstOf } from '../../../../server/src/gate/general-rule.ts'

const judge = (
  interval: readonly [number, number],
  { n = 100, nRequired = 50, estimate = (interval[0] + interval[1]) / 2 } = {},
) => generalRule({ estimate, margin: 0.01, ...readInterval(interval, 0.01), n, nRequired })

describe('the general rule, margin .01', () => {
  it.each([
    [[-0.0099, 0.02], 'PASS'],
    // worse beyond chance, but by less than the margin: not materially
    [[-0.009, -0.001], 'PASS'],
    [[-0.03, -0.001], 'BLOCK'],
    // δ = −.01 exactly: the margin itself blocks
    [[-0.019, -0.001], 'BLOCK'],
    [[-0.0189, -0.001], 'WARN'],
    // L = −m exactly is not over it
    [[-0.01, 0.02], 'WARN'],
    [[-0.03, 0.005], 'NOT_ENOUGH_DATA'],
  ] as const)('%j is %s', (interval, verdict) => {
    expect(judge(interval)).toBe(verdict)
  })
  it('warns only with examples enough to have told', () => {
    expect(judge([-0.012, 0.01], { n: 50 })).toBe('WARN')
    expect(judge([-0.012, 0.01], { n: 49 })).toBe('NOT_ENOUGH_DATA')
  })
})

it('of several, the worst counts', () => {
  expect(worstOf(['PASS', 'WARN', 'NOT_ENOUGH_DATA', 'BLOCK'])).toBe('BLOCK')
  expect(worstOf(['PASS', 'WARN', 'NOT_ENOUGH_DATA'])).toBe('NOT_ENOUGH_DATA')
  expect(worstOf(['PASS', 'WARN'])).toBe('WARN')
  expect(worstOf([])).toBe('PASS')
})
