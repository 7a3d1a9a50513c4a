import { describe, expect, it } from '@jest/globals'
import { readRows } from '../../../../../server/src/gate/recorded/read-rows.ts'
import { assignRoles, type ColumnNames } from '../../../../../server/src/gate/recorded/roles.ts'
import { tableOf, type Columns } from '../../../../fixtures/recorded-files.ts'

const names: ColumnNames = { label: 'y', candidate: 'new', champion: null }
const read = (columns: Columns, change: Partial<ColumnNames> = {}) => {
  const table = tableOf(columns)
  return readRows(table, assignRoles({ ...names, ...change }, table.columns))
}
const refusal = (columns: Columns, change: Partial<ColumnNames> = {}): Promise<unknown> =>
  read(columns, change).catch((error: unknown) => error)
const fill = <Value>(n: number, value: Value): Value[] => new Array<Value>(n).fill(value)

describe('rows of recorded predictions', () => {
  it('of one column: the second class is the positive one, the first has the rest', async () => {
    const { classes, labels, probabilities } = await read(
      { y: ['good', 'bad'], new: ['0.25', 1] },
      { positive: 'good' },
    )
    expect([classes, [...labels], [...probabilities.candidate!]]).toEqual([
      ['bad', 'good'],
      [1, 0],
      [0.75, 0.25, 0, 1],
    ])
  })
  it.each([
    [
      [0, 1, 1],
      ['0', '1'],
      [0, 1, 1],
    ],
    [
      ['false', 'true'],
      ['false', 'true'],
      [0, 1],
    ],
    [
      ['True', 'False'],
      ['False', 'True'],
      [1, 0],
    ],
    [
      [0, 0],
      ['0', '1'],
      [0, 0],
    ],
    [
      [1, 1],
      ['not 1', '1'],
      [1, 1],
    ],
  ])('of labels %j nobody has to say which is the positive one', async (y, classes, labels) => {
    const found = await read({ y, new: fill(y.length, 0.5) })
    expect([found.classes, [...found.labels]]).toEqual([classes, labels])
  })
  it('of one class only, whichever it is', async () => {
    expect((await read({ y: ['b', 'b'], new: [0, 1] }, { positive: 'a' })).classes).toEqual(['b', 'a'])
    expect((await read({ y: ['b', 'b'], new: [0, 1] }, { positive: 'b' })).classes).toEqual(['not b', 'b'])
  })
  it('of a column a class: made to sum to 1 where rounding left a rest', async () => {
    const columns = { y: ['b', 'a'], p_b: [0.33333, 0], p_c: [0.33333, 0], p_a: [0.33333, '1e0'] }
    const { classes, labels, probabilities } = await read(columns, { candidate: 'prefix:p_' })
    const third = Math.fround(1 / 3)
    expect([classes, [...labels], [...probabilities.candidate!]]).toEqual([
      ['a', 'b', 'c'],
      [1, 0],
      [third, third, third, 1, 0, 0],
    ])
  })
  it('clips what rounding left outside', async () => {
    const { probabilities } = await read({ y: [0, 1], new: [1.0000005, -1e-7] })
    expect([...probabilities.candidate!]).toEqual([0, 1, 1, 0])
  })
  it('are named by their column, or by their content whatever the models say of them', async () => {
    const columns = { y: [0, 1, 0], id: ['x', 'y', 'z'], job: ['a', 'a', 'a'], new: [0.1, 0.2, 0.3] }
    expect((await read(columns, { id: 'id' })).ids).toEqual(['x', 'y', 'z'])
    const { ids } = await read(columns, { ignore: ['id'] })
    expect(ids[0]).toMatch(/^[0-9a-f]{16}$/)
    expect([ids[0] === ids[2], ids[0] === ids[1]]).toEqual([true, false])
    expect((await read({ ...columns, new: [0, 0, 0] }, { ignore: ['id'] })).ids).toEqual(ids)
  })
  it('have the same content whatever the order of the columns, and however a number is spelt', async () => {
    const [one, other] = await Promise.all([
      read({ y: [0], age: ['30.50'], job: ['a'], new: [0.1] }),
      read({ job: ['a'], new: [0.2], age: ['3.05e1'], y: [0] }),
    ])
    expect(one.ids).toEqual(other.ids)
  })
})

describe('refuses, with the first row and what is there', () => {
  it.each([
    ['a probability over 1', [0.5, 1.5, 2], 'not-a-probability', /^row 3: new is "1\.5", not from 0 to 1/],
    ['one under 0', [0.5, 0.5, -0.1], 'not-a-probability', /^row 4: new is "-0\.1"/],
    ['NaN', ['NaN', 0.5, 0.5], 'not-a-probability', /^row 2: new is "NaN", no number/],
    ['an empty one', [0.5, '', 0.5], 'not-a-probability', /^row 3: new is empty/],
    ['a decimal comma', [0.5, '0,7', 0.5], 'not-a-probability', /^row 3: new is "0,7"/],
    ['a hexadecimal number', [0.5, '0x1', 0.5], 'not-a-probability', /^row 3/],
    ['infinity', ['Infinity', 1, 0], 'not-a-probability', /^row 2/],
  ])('%s', async (_, p, code, message) => {
    expect(await refusal({ y: [0, 1, 1], new: p })).toMatchObject({ code, message: expect.stringMatching(message) })
  })
  it('rows that do not sum to 1', async () => {
    const columns = { y: ['a', 'b'], p_a: [0.5, 0.5], p_b: [0.5, 0.4] }
    expect(await refusal(columns, { candidate: 'prefix:p_' })).toMatchObject({
      code: 'sum-not-one',
      message: expect.stringMatching(/^row 3: the probabilities of --candidate sum to 0\.900000/),
    })
  })
  it.each([
    ['label', { y: [0, ''] }, {}, /^row 3: y is empty/],
    ['id', { id: ['', 'a'] }, { id: 'id' }, /^row 2: id is empty/],
    ['client', { who: ['a', ''] }, { client: 'who' }, /^row 3: who is empty/],
    ['split', { set: ['gate', ''] }, { split: 'set' }, /^row 3: set is empty/],
  ])('an empty %s', async (_, column, change, message) => {
    expect(await refusal({ y: [0, 1], new: [0, 1], ...column }, change)).toMatchObject({
      code: 'missing-value',
      message: expect.stringMatching(message),
    })
  })
  it.each([
    [
      'labels that are none of the columns',
      { y: ['a', 'c', 'b', 'c'], p_a: fill(4, 0), p_b: fill(4, 1) },
      { candidate: 'prefix:p_' },
      'unknown-label',
      /^row 3: y is "c", which is none of the 2 classes/,
      ['a', 'b'],
    ],
    [
      'three labels for one column',
      { y: ['a', 'b', 'c'], new: [0, 0, 0] },
      { positive: 'a' },
      'unknown-label',
      /y has 3 different labels/,
      ['a', 'b', 'c'],
    ],
    [
      'a positive label that nobody has',
      { y: ['a', 'b'], new: [0, 0] },
      { positive: 'yes' },
      'unknown-label',
      /no row has the label yes/,
      ['a', 'b'],
    ],
    ['two labels and no word which', { y: ['b', 'a'], new: [0, 0] }, {}, 'bad-argument', /--positive/, ['a', 'b']],
  ] as const)('%s', async (_, columns, change, code, message, lines) => {
    expect(await refusal(columns, change)).toMatchObject({ code, message: expect.stringMatching(message), lines })
  })
  it('a label column that is no label', async () => {
    const y = Array.from({ length: 2000 }, (_, i) => i)
    expect(await refusal({ y, new: y.map(() => 0) })).toMatchObject({
      code: 'unknown-label',
      message: expect.stringMatching(/more than 1000 different values by row 1002/),
    })
  })
  it('a header without rows', async () => {
    expect(await refusal({ y: [], new: [] })).toMatchObject({ code: 'empty-file' })
  })
})
