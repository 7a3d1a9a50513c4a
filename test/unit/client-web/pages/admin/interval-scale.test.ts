import { describe, expect, it } from '@jest/globals'
import { intervalScale } from '../../../../../client-web/src/pages/admin/interval-scale.ts'

describe('intervalScale', () => {
  it('keeps the interval, the margin and zero on the line, in order', () => {
    const { position, ticks } = intervalScale({ low: -0.003, high: 0.001, estimate: -0.001, margin: 0.002 })
    const along = [-0.003, -0.002, -0.001, 0, 0.001].map(position)
    expect(along).toEqual([...along].sort((a, b) => a - b))
    expect(along[0]).toBeGreaterThan(0)
    expect(along.at(-1)).toBeLessThan(1)
    expect(ticks.map(({ value }) => value)).toEqual([-0.002, 0])
  })

  it('shows zero and the margin also when the interval is far from both', () => {
    const { position } = intervalScale({ low: 0.4, high: 0.5, estimate: 0.45, margin: 0.01 })
    expect(position(-0.01)).toBeGreaterThan(0)
    expect(position(0.5)).toBeLessThan(1)
  })

  it('marks the ends of an interval without a margin', () => {
    const { ticks } = intervalScale({ low: 0.96, high: 0.97, estimate: 0.965, margin: undefined })
    expect(ticks.map(({ label }) => label)).toEqual(['0.9600', '0.9700'])
  })

  it('draws an interval of no width', () => {
    const { position } = intervalScale({ low: 0, high: 0, estimate: 0, margin: undefined })
    expect(position(0)).toBeCloseTo(0.5)
  })
})
