import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Cells, detached, int32s, Texts } from '../../../../../server/src/gate/recorded/cells.ts'

const textsOf = (cells: readonly string[]): string[] => {
  const column = new Cells()
  for (const cell of cells) column.add(cell)
  return column.texts(Int32Array.from(cells.keys()))
}

describe('cells of a column', () => {
  it.each([
    ['numbers', ['1', '0.25', '-3', '1e+21']],
    ['numbers that print otherwise', ['1.50', '007', '1e3', '-0']],
    ['numbers, and then a word', ['1', '2', 'unknown', '3']],
    ['words', ['a', 'b', 'a']],
    ['nothing', []],
  ])('are given back as they were written: %s', (_, cells) => {
    expect(textsOf(cells)).toEqual(cells)
  })
  it('have one way to be missing', () => {
    expect(textsOf(['1', 'NA', '', 'NaN', 'nan'])).toEqual(['1', '', '', '', ''])
    expect(textsOf(['x', 'NA', '', 'NaN', 'nan'])).toEqual(['x', '', '', '', ''])
  })
  it('come back the same whatever came first', () => {
    const cell = fc.oneof(
      fc.double().map(String),
      fc.integer().map(String),
      fc.constantFrom('', '01', '1.0', 'x', 'NA'),
    )
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 30 }), (cells) => {
        const backwards = textsOf([...cells].reverse()).reverse()
        expect(backwards).toEqual(textsOf(cells))
      }),
    )
  })
  it('are given of the rows asked for', () => {
    const column = new Cells()
    for (const cell of ['5', '6', '7']) column.add(cell)
    expect(column.texts(Int32Array.of(2, 0))).toEqual(['7', '5'])
  })
})

it('texts are kept once each', () => {
  const texts = new Texts()
  expect(['b', 'a', 'b'].map((text) => texts.add(text))).toEqual([true, true, false])
  expect([texts.values, [...texts.codes]]).toEqual([
    ['b', 'a'],
    [0, 1, 0],
  ])
})

it('numbers grow beyond what was reserved', () => {
  const numbers = int32s()
  for (let i = 0; i < 3000; i++) numbers.push(i)
  expect([numbers.length, numbers.values[2999], numbers.values.length]).toEqual([3000, 2999, 3000])
})

it('a detached text is the same text', () => {
  expect(detached('Zürich 🐝 \ud800')).toBe('Zürich 🐝 \ud800')
})
