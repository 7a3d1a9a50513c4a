import { describe, expect, it } from '@jest/globals'
import type { SampleQuery } from '@panal/client-core'
import { selectSamples, type Answered } from '../../../../../server/src/gate/report/select-samples.ts'
import { examplesOf, predictions } from '../../../../fixtures/gate-evaluation.ts'

const labels = [0, 1, 0, 1, 0, 1]
const home = { name: 'home', values: ['rent', 'own'], codes: Int32Array.of(0, 0, 1, 1, -1, 0) }
/** P(true class): wrong below 0.5. */
const given: Answered = {
  examples: examplesOf(labels, { columns: [home] }),
  candidate: predictions([0.9, 0.2, 0.4, 0.8, 0.1, 0.6], labels),
  reference: predictions([0.95, 0.9, 0.3, 0.1, 0.2, 0.6], labels),
}
const everything: SampleQuery = { set: 'gate', where: [], order: 'loss' }
const select = (changes: Partial<SampleQuery>, answered: Partial<Answered> = {}) => [
  ...selectSamples({ ...everything, ...changes }, { ...given, ...answered }),
]

describe('the examples behind a row', () => {
  it('come by the candidate’s loss, the largest first', () => {
    expect(select({})).toEqual([4, 1, 2, 5, 3, 0])
  })

  it('or by how much its loss is over the reference’s', () => {
    // −ln: ratios reference/candidate 1.06, 4.5, 0.75, 0.125, 2, 1
    expect(select({ order: 'regression' })).toEqual([1, 4, 0, 5, 2, 3])
    expect(select({ order: 'regression' }, { reference: undefined })).toEqual(select({}))
  })

  it('all conditions hold at once', () => {
    expect(select({ where: [{ column: 'home', value: 'rent' }] })).toEqual([1, 5, 0])
    expect(
      select({
        where: [
          { column: 'home', value: 'rent' },
          { column: 'label', value: 'yes' },
        ],
      }),
    ).toEqual([1, 5])
    expect(select({ label: 'no' })).toEqual([4, 2, 0])
    expect(select({ candidate: 'wrong' })).toEqual([4, 1, 2])
    expect(select({ candidate: 'wrong', reference: { model: 'champion', was: 'right' } })).toEqual([1])
    expect(select({}, { applies: Uint8Array.of(1, 0, 0, 0, 1, 0) })).toEqual([4, 0])
  })

  it('a missing value is in no segment, and a value that nobody has finds nothing', () => {
    const found = ['rent', 'own'].flatMap((value) => select({ where: [{ column: 'home', value }] }))
    expect(found).not.toContain(4)
    expect(select({ where: [{ column: 'home', value: 'boat' }] })).toEqual([])
  })

  it('equal losses come by id, then by where the file has them', () => {
    const same = predictions([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], labels)
    const ids = ['b', 'a', 'a', 'c', 'd', 'e']
    const rows = Int32Array.of(0, 9, 3, 1, 2, 4)
    const examples = { ...given.examples, ids, rows }
    expect(select({}, { candidate: same, examples })).toEqual([2, 1, 0, 3, 4, 5])
  })

  it('refuses a column and a class that the set does not have', () => {
    expect(() => select({ where: [{ column: 'age', value: '3' }] })).toThrow(
      expect.objectContaining({ code: 'bad-request' }),
    )
    expect(() => select({ label: 'maybe' })).toThrow(expect.objectContaining({ code: 'bad-request' }))
  })

  it('has none of a model that does not answer with probabilities', () => {
    const broken = { ...given.candidate, probabilities: new Float32Array(12).fill(NaN) }
    expect(() => select({}, { candidate: broken })).toThrow(expect.objectContaining({ code: 'not-found' }))
  })
})
