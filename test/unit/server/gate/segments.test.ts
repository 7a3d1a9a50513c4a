import { describe, expect, it } from '@jest/globals'
import { declaredSegments, segmentColumnNames, type SegmentSpec } from '../../../../server/src/gate/segments.ts'

const segments = [
  { name: 'label', values: ['no', 'yes'], codes: Int32Array.of(0, 1, 0, 1, 1) },
  { name: 'home', values: ['own', 'rent', 'tent'], codes: Int32Array.of(0, 1, 1, -1, 1) },
]
const found = (...specs: SegmentSpec[]) =>
  declaredSegments(specs, { segments }).map(({ name, rows, critical }) => [name, [...rows], critical])

describe('declared segments', () => {
  it('are one for each value, with its rows; a value that no example has is listed, a missing one is none', () => {
    expect(found('home')).toEqual([
      ['home=own', [0], false],
      ['home=rent', [1, 2, 4], false],
      ['home=tent', [], false],
    ])
  })
  it('cross columns: each combination that occurs', () => {
    expect(found({ columns: ['label', 'home'], critical: true })).toEqual([
      ['label=no, home=own', [0], true],
      ['label=no, home=rent', [2], true],
      ['label=yes, home=rent', [1, 4], true],
    ])
  })
  it('can be listed again by their conditions', () => {
    expect(declaredSegments([{ columns: ['label', 'home'] }], { segments })[2]?.where).toEqual([
      { column: 'label', value: 'yes' },
      { column: 'home', value: 'rent' },
    ])
  })
  it('of a column that the set lacks cannot be told', () => {
    expect(() => found('job')).toThrow('no column job')
  })
  it('name each of their columns once', () => {
    expect(segmentColumnNames(['a', { columns: ['b', 'a'] }, { columns: ['c'], critical: true }])).toEqual([
      'a',
      'b',
      'c',
    ])
  })
})
