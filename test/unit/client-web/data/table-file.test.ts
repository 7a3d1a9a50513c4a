import { describe, expect, it } from '@jest/globals'
import { countPerClass, expectedHeader, groupRefusals } from '../../../../client-web/src/data/table-file.ts'

describe('groupRefusals', () => {
  it('puts the most frequent reason first, with its first rows', () => {
    const refused = [
      { row: 2, reason: 'Age: not a number; a missing one is empty or NA' },
      { row: 3, reason: 'Status: the label is missing' },
      { row: 5, reason: 'Status: the label is missing' },
      { row: 9, reason: 'Status: the label is missing' },
    ]
    expect(groupRefusals(refused, 2)).toEqual([
      { reason: 'Status: the label is missing', count: 3, firstRows: [3, 5] },
      { reason: 'Age: not a number; a missing one is empty or NA', count: 1, firstRows: [2] },
    ])
  })

  it('has nothing to say of a clean file', () => {
    expect(groupRefusals([])).toEqual([])
  })
})

describe('countPerClass', () => {
  it('counts every class, also one without examples', () => {
    expect(countPerClass(Int32Array.of(0, 2, 2), 4)).toEqual([1, 0, 2, 0])
  })
})

describe('expectedHeader', () => {
  it('lists the columns, then the label', () => {
    expect(
      expectedHeader({
        kind: 'table',
        columns: [{ name: 'Age', kind: 'numeric', mean: 40, std: 10, missing: 'mean' }],
        label: { column: 'Status' },
        classes: ['bad', 'good'],
      }),
    ).toEqual(['Age', 'Status'])
  })
})
