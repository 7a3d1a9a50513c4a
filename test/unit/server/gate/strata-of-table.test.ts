import { describe, expect, it } from '@jest/globals'
import { readCsv } from '@panal/client-core'
import { strataOfTable, type Comparison } from '../../../../server/src/gate/strata-of-table.ts'

const csv = (...lines: readonly string[]) => readCsv(lines.join('\n'))
const comparison: Comparison = {
  outcome: { column: 'won', value: 'yes' },
  group: { column: 'arm' },
  strata: 'site',
}
/** Code, message and lines of a refusal. */
const refusal = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('it was not refused')
}

describe('strata of a table', () => {
  it('counts a case a row, groups and strata in the order of the file', () => {
    const table = csv('arm,site,won', 'b,x,yes', 'b,x,no', 'a,x,yes', 'a,y,no', '', 'b,y, yes ')
    expect(strataOfTable(table, comparison)).toEqual({
      candidate: 'b',
      reference: 'a',
      numLeftOut: 0,
      strata: [
        { name: 'x', candidate: { n: 2, hits: 1 }, reference: { n: 1, hits: 1 } },
        { name: 'y', candidate: { n: 1, hits: 1 }, reference: { n: 1, hits: 0 } },
      ],
    })
  })
  it('counts what a row stands for, and leaves out what is missing and says how many', () => {
    const table = csv('arm,site,won,n', 'a,x,yes,30', 'b,x,no,12', 'b,,no,5', 'NA,x,no,2', 'a,x,,1', 'b,x,maybe,0')
    const { strata, numLeftOut } = strataOfTable(table, { ...comparison, count: 'n' })
    expect(strata).toEqual([{ name: 'x', candidate: { n: 30, hits: 30 }, reference: { n: 12, hits: 0 } }])
    expect(numLeftOut).toBe(8)
  })
  it('compares one value with all the others', () => {
    const table = csv('arm,site,won', 'a,x,yes', 'b,x,no', 'c,x,yes')
    const compared = strataOfTable(table, { ...comparison, group: { column: 'arm', value: 'b' } })
    expect(compared).toMatchObject({ candidate: 'b', reference: 'not b' })
    expect(compared.strata[0]).toMatchObject({ candidate: { n: 1, hits: 0 }, reference: { n: 2, hits: 2 } })
  })
  it.each([
    ['a column that is not there', { strata: 'place' }, { code: 'unknown-column', lines: ['arm', 'site', 'won'] }],
    [
      'a value that is not there',
      { outcome: { column: 'won', value: 'si' } },
      { code: 'unknown-value', lines: ['yes', 'no'] },
    ],
    [
      'three groups',
      {},
      { code: 'groups', lines: ['a', 'b', 'c'], message: expect.stringContaining('--group arm=VALUE') },
    ],
    [
      'a group that is not there',
      { group: { column: 'arm', value: 'z' } },
      { code: 'unknown-value', lines: ['a', 'b', 'c'] },
    ],
    [
      'counts that are none',
      { count: 'site' },
      { code: 'bad-count', message: 'row 2: a count is a whole number from 0' },
    ],
  ])('refuses %s and says what there is', (_, change, expected) => {
    const table = csv('arm,site,won', 'a,x,yes', 'b,x,no', 'c,x,yes')
    expect(refusal(() => strataOfTable(table, { ...comparison, ...change }))).toMatchObject(expected)
  })
  it('refuses one group only', () => {
    const table = csv('arm,site,won', 'a,x,yes')
    expect(refusal(() => strataOfTable(table, comparison))).toMatchObject({ code: 'groups', lines: ['a'] })
    const asked = { ...comparison, group: { column: 'arm', value: 'a' } }
    expect(refusal(() => strataOfTable(table, asked))).toMatchObject({ code: 'groups' })
  })
  it('lists twenty values at most', () => {
    const table = csv('arm,site,won', ...Array.from({ length: 50 }, (_, i) => `g${i},x,yes`))
    const { lines } = refusal(() => strataOfTable(table, comparison)) as { lines: string[] }
    expect(lines).toHaveLength(21)
    expect(lines.at(-1)).toBe('… and 30 more')
  })
})

describe('a CSV file', () => {
  it.each([
    ['a name twice', 'a,b,a\n1,2,3', { column: 'a' }],
    ['a short row', 'a,b\n1,2\n\n3', { row: 4, message: '1 values where the header has 2' }],
    ['a quote that is never closed', 'a,b\n1,"2\n3,4', { message: expect.any(String) }],
  ])('with %s is refused, with the place', (_, text, problem) => {
    expect(refusal(() => readCsv(text))).toMatchObject({
      code: 'invalid-dataset',
      extra: { errors: expect.arrayContaining([expect.objectContaining(problem)]) },
    })
  })
  it('may have semicolons, or blank lines', () => {
    expect(readCsv('a; b\n1;2\n3;4')).toEqual({
      header: ['a', 'b'],
      rows: [
        ['1', '2'],
        ['3', '4'],
      ],
    })
    expect(readCsv('a,b\n1,2\n\n')).toEqual({ header: ['a', 'b'], rows: [['1', '2'], [''], ['']] })
  })
})
