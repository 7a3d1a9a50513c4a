import { describe, expect, it } from '@jest/globals'
import { Texts } from '../../../../../server/src/gate/recorded/cells.ts'
import { orderByContent, orderById } from '../../../../../server/src/gate/recorded/row-order.ts'

const numbers = Int32Array.of(2, 3, 4, 5, 6)

describe('rows by their ids', () => {
  it('are sorted by code units', () => {
    expect(orderById({ ids: ['b', 'a', 'B', '10', '9'], numbers })).toEqual({
      rows: Int32Array.of(3, 4, 2, 1, 0),
      ids: ['10', '9', 'B', 'a', 'b'],
    })
  })
  it('must have one each: the first row that repeats one is named', () => {
    expect(() => orderById({ ids: ['b', 'z', 'a', 'a', 'b'], numbers })).toThrow(
      expect.objectContaining({
        code: 'duplicate-id',
        message: expect.stringMatching(/^row 5: the id "a" is that of row 4 as well/),
      }),
    )
  })
})

describe('rows by their content', () => {
  const [x, y] = ['1111111111111111', '2222222222222222']
  /** Rows with these contents and these predictions of the second class, in one of two orders. */
  const order = (rows: readonly (readonly [string, number])[]) => {
    const candidate = Float32Array.from(rows.flatMap(([, p]) => [1 - p, p]))
    const { rows: sorted, ids } = orderByContent({ ids: rows.map(([id]) => id), probabilities: { candidate } })
    return Array.from(sorted, (row, i) => [ids[i], ...rows[row]!])
  }
  it('have an id each, though their content be the same; the first keeps the content’s', () => {
    const found = order([
      [x, 0.75],
      [y, 0.5],
      [x, 0.25],
    ])
    expect(new Set(found.map(([id]) => id)).size).toBe(3)
    // P(first class) goes first: 0.25 of the row with 0.75.
    expect(found).toContainEqual([x, x, 0.75])
    expect(found).toContainEqual([y, y, 0.5])
    expect(found.map(([id]) => id)).toEqual(found.map(([id]) => id).sort())
  })
  it('alike in all but their split keep to it in any order of the file', () => {
    const splits = ['gate', 'calibration', 'gate']
    const of = (order: readonly number[]) => {
      const texts = new Texts()
      for (const row of order) texts.add(splits[row]!)
      const candidate = Float32Array.from(order.flatMap(() => [0.5, 0.5]))
      const { rows, ids } = orderByContent({ ids: order.map(() => x), probabilities: { candidate }, splits: texts })
      return Array.from(rows, (row, i) => [ids[i], splits[order[row]!]])
    }
    expect(of([2, 1, 0])).toEqual(of([0, 1, 2]))
    expect(of([1, 0, 2])).toEqual(of([0, 1, 2]))
  })
  it('are the same in any order of the file', () => {
    const rows: [string, number][] = [
      [x, 0.75],
      [y, 0.5],
      [x, 0.25],
      [x, 0.25],
      [y, 0.5],
    ]
    expect(order([...rows].reverse())).toEqual(order(rows))
  })
})
