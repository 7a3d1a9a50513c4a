import { describe, expect, it } from '@jest/globals'
import { combCells, slotsOf } from '../../../../client-web/src/components/honeycomb-cells.ts'

const round = (changes: Partial<Parameters<typeof slotsOf>[0]> = {}) => ({
  phase: 'collecting' as const,
  numInvited: 5,
  numAccepted: 2,
  numRejected: 1,
  numDropped: 1,
  ...changes,
})

describe('combCells', () => {
  it('puts one cell in the middle and six around it', () => {
    const [middle, ...around] = combCells(7)
    expect(middle).toEqual({ x: 0, y: 0 })
    expect(around).toHaveLength(6)
    // hexagons of radius 1 that touch have their centres √3 apart
    for (const { x, y } of around) expect(Math.hypot(x, y)).toBeCloseTo(Math.sqrt(3))
  })

  it('never puts two cells in one place', () => {
    const cells = combCells(127)
    const places = new Set(cells.map(({ x, y }) => `${x.toFixed(3)} ${y.toFixed(3)}`))
    expect(places.size).toBe(127)
    // 1 + 6 + 12 + 18 + 24 + 30 + 36 = 127: exactly six rings
    expect(Math.max(...cells.map(({ x, y }) => Math.hypot(x, y)))).toBeCloseTo(6 * Math.sqrt(3))
  })
})

describe('slotsOf', () => {
  it('gives each device of the cohort a cell, accepted ones first', () => {
    expect(slotsOf(round(), 19)).toEqual({
      states: ['accepted', 'accepted', 'rejected', 'gone', 'asked'],
      devicesPerCell: 1,
    })
  })

  it('waits for nobody once collection is over', () => {
    expect(slotsOf(round({ phase: 'gating' }), 19).states.at(-1)).toBe('gone')
  })

  it('lets a cell stand for several devices when there are too many to see', () => {
    const { states, devicesPerCell } = slotsOf(round({ numInvited: 1000, numAccepted: 500, numRejected: 0 }), 19)
    expect(devicesPerCell).toBe(8) // ⌈1000 / 127⌉
    expect(states).toHaveLength(125) // 1000 / 8
    expect(states.filter((state) => state === 'accepted')).toHaveLength(63) // 500 / 8 = 62.5
  })

  it('shows an empty comb before the first round', () => {
    expect(slotsOf(null, 19).states).toEqual(Array.from({ length: 19 }, () => 'empty'))
  })
})
