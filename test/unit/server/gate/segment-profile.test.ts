import { describe, expect, it } from '@jest/globals'
import { readTable, type TableSchema } from '@panal/client-core'
import { fitSegmentProfile, profileDigest, segmentColumns } from '../../../../server/src/gate/segment-profile.ts'
import type { SegmentSpec } from '../../../../server/src/gate/segments.ts'

const schema: TableSchema = {
  kind: 'table',
  columns: [
    { name: 'age', kind: 'numeric', mean: 0, std: 1, missing: 'mean' },
    { name: 'home', kind: 'categorical', values: ['own', 'rent'], missing: 'zeros' },
  ],
  label: { column: 'paid' },
  classes: ['no', 'yes'],
}
const read = (...rows: string[]) => readTable(['age,home,city,paid', ...rows].join('\n'), schema)
const ages = (...values: (number | string)[]) => read(...values.map((age) => `${age},own,a,no`))
const fit = (dataset: ReturnType<typeof read>, segments: SegmentSpec[] = []) =>
  fitSegmentProfile(dataset, schema, segments)
const column = (name: string, dataset: ReturnType<typeof read>, of = dataset, segments: SegmentSpec[] = []) =>
  segmentColumns(dataset, schema, fit(of, segments)).find((each) => each.name === name)

describe('the profile of segments', () => {
  it('cuts a numeric column at its deciles: of 1…20 at 3, 5, …, 19', () => {
    // sorted[⌊20 i / 10⌋] for i = 1 … 9 is 2i + 1
    const twenty = Array.from({ length: 20 }, (_, i) => i + 1)
    expect(fit(ages(...twenty)).columns[0]).toEqual({
      name: 'age',
      kind: 'numeric',
      cuts: [3, 5, 7, 9, 11, 13, 15, 17, 19],
    })
  })
  it('puts a value on a cut above it, what is beyond into the end bins, and what is missing nowhere', () => {
    const twenty = ages(...Array.from({ length: 20 }, (_, i) => i + 1))
    const { values, codes } = column('age', ages(2.9, 3, 4.99, 5, -100, 1e9, ''), twenty)!
    expect(values).toEqual([
      '< 3',
      '[3, 5)',
      '[5, 7)',
      '[7, 9)',
      '[9, 11)',
      '[11, 13)',
      '[13, 15)',
      '[15, 17)',
      '[17, 19)',
      '≥ 19',
    ])
    expect([...codes]).toEqual([0, 1, 1, 2, 0, 9, -1])
  })
  it('has fewer bins where values repeat, and one where all are alike', () => {
    // deciles of 0 ×8, 1 ×2 are 0 … 0, 1, 1 (from i = 8): a cut at the least value is none
    expect(column('age', ages(0, 0, 0, 0, 0, 0, 0, 0, 1, 1))?.values).toEqual(['< 1', '≥ 1'])
    expect(column('age', ages(4, 4))?.values).toEqual(['any'])
    expect(column('age', ages('', ''))?.values).toEqual(['any'])
  })
  it('does not move with the set that is binned', () => {
    const few = ages(1, 2, 3)
    expect(column('age', ages(10, 20, 30), few)?.values).toEqual(['< 2', '[2, 3)', '≥ 3'])
    expect(profileDigest(fit(few))).toBe(profileDigest(fit(ages(3, 1, 2))))
    expect(profileDigest(fit(few))).not.toBe(profileDigest(fit(ages(1, 2, 4))))
  })
  it('takes categories as the schema lists them; others are together, missing ones are none', () => {
    const { values, codes } = column('home', read('1,rent,a,no', '1,own,a,no', '1,tent,a,no', '1,,a,no'))!
    expect(values).toEqual(['own', 'rent', '(other)'])
    expect([...codes]).toEqual([1, 0, 2, -1])
    expect(column('home', read('1,own,a,no'))?.values).toEqual(['own', 'rent'])
  })
  it('takes a column that is no feature where a segment names it: the 50 most frequent values', () => {
    const rows = Array.from({ length: 51 }, (_, i) => [
      `1,own,c${i + 10},no`,
      ...(i === 0 ? [] : [`1,own,c${i + 10},no`]),
    ])
    const dataset = read(...rows.flat())
    expect(column('city', dataset)).toBeUndefined()
    const { values, codes } = column('city', dataset, dataset, [{ columns: ['home', 'city'] }])!
    expect(values).toHaveLength(51)
    // c10 is there once, the others twice
    expect(values.slice(-2)).toEqual(['c60', '(other)'])
    expect(codes[0]).toBe(50)
  })
  it('begins with the true class, also of images', () => {
    expect(segmentColumns(read('1,own,a,no', '1,own,a,yes'), schema, { columns: [] })).toEqual([
      { name: 'label', values: ['no', 'yes'], codes: Int32Array.of(0, 1) },
    ])
    const image = { kind: 'image', height: 1, width: 1, channels: 1, scale: 1, classes: ['a', 'b'] } as const
    const images = { numExamples: 1, inputShape: [1, 1, 1], x: new Float32Array(1), y: Int32Array.of(1) }
    expect(fitSegmentProfile(images, { ...image, classes: ['a', 'b'] }, ['label'])).toEqual({ columns: [] })
  })
})
