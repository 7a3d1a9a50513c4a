import { describe, expect, it } from '@jest/globals'
import {
  encodeRow,
  featureNames,
  numFeatures,
  PanalError,
  readDataset,
  readTable,
  subset,
  type DataProblem,
  type TableSchema,
} from '@panal/client-core'

const schema: TableSchema = {
  kind: 'table',
  columns: [
    { name: 'Age', kind: 'numeric', mean: 40, std: 10, missing: 'mean' },
    { name: 'Income', kind: 'numeric', mean: 100, std: 50, missing: 'indicator' },
    { name: 'Home', kind: 'categorical', values: ['rent', 'owner'], missing: 'zeros' },
    { name: 'Job', kind: 'categorical', values: ['fixed', 'none'], missing: 'indicator' },
  ],
  label: { column: 'Status' },
  classes: ['bad', 'good'],
}

const problemsOf = (action: () => unknown): readonly DataProblem[] => {
  try {
    action()
  } catch (error) {
    if (error instanceof PanalError && error.code === 'invalid-dataset') return error.extra.errors as DataProblem[]
    throw error
  }
  return []
}

describe('readTable', () => {
  it('encodes rows as computed by hand', () => {
    const data = readTable(
      [
        'Status,Age,Extra,Home,Income,Job',
        'good,50,x,owner,150,none',
        'bad,NA,y,,NA,',
        'good, 35 ,z,castle,75,fixed',
      ].join('\n'),
      schema,
    )
    expect(data.numExamples).toBe(3)
    expect(data.inputShape).toEqual([8])
    expect(Array.from(data.y)).toEqual([1, 0, 1])
    //                                Age   Income, missing  rent owner  fixed none missing
    expect(Array.from(data.x)).toEqual([
      ...[1, /*                      */ 1, 0, /*          */ 0, 1, /* */ 0, 1, 0], // (50 − 40) / 10, (150 − 100) / 50
      ...[0, /*                      */ 0, 1, /*          */ 0, 0, /* */ 0, 0, 1], // missing: the mean; zeros; marked
      ...[-0.5, /*                   */ -0.5, 0, /*       */ 0, 0, /* */ 1, 0, 0], // an unlisted home: zeros
    ])
    expect(data.columns!.Home).toEqual(['owner', '', 'castle'])
    expect(data.columns!.Age).toEqual(['50', '', '35'])
    expect(data.columns!.Extra).toEqual(['x', 'y', 'z'])
  })

  it('names its features in the order they are encoded in', () => {
    expect(featureNames(schema)).toEqual([
      'Age',
      'Income',
      'Income missing',
      'Home=rent',
      'Home=owner',
      'Job=fixed',
      'Job=none',
      'Job missing',
    ])
    expect(numFeatures(schema)).toBe(8)
  })

  it('a value that the list spells NA is that value, not a missing one', () => {
    const own: TableSchema = {
      ...schema,
      columns: [{ name: 'Region', kind: 'categorical', values: ['EU', 'NA'], missing: 'indicator' }],
    }
    expect(Array.from(readTable('Region,Status\nNA,good\n', own).x)).toEqual([0, 1, 0])
  })

  it('reads quotes, semicolons, a byte order mark, CRLF and blank lines', () => {
    const text = '\uFEFFStatus;Age;Income;Home;Job\r\ngood;"50";150;"owner";fixed\r\n\r\nbad;30;50;rent;none\r\n'
    const data = readDataset(new TextEncoder().encode(text), schema)
    expect(Array.from(data.y)).toEqual([1, 0])
    expect(data.x[8]).toBe(-1)
  })

  it('reports every problem at once, each with its row and column', () => {
    const text = [
      'Status,Age,Income,Home,Job',
      'good,young,150,rent,fixed',
      'soso,40,1e999,rent,fixed',
      '',
      ',40,100,rent,fixed',
      'good,40,100',
    ].join('\n')
    expect(problemsOf(() => readTable(text, schema))).toEqual([
      { row: 2, column: 'Age', message: 'not a number; a missing one is empty or NA' },
      { row: 3, column: 'Status', message: 'not one of the classes' },
      { row: 5, column: 'Status', message: 'the label is missing' },
      { row: 6, message: '3 values where the header has 5' },
    ])
  })

  it('refuses numbers that are too large to be finite, and hexadecimal', () => {
    const table = (age: string) => `Status,Age,Income,Home,Job\ngood,${age},100,rent,fixed\n`
    for (const age of ['1e999', '0x10', 'Infinity', '1 5', '--1'])
      expect(problemsOf(() => readTable(table(age), schema))).toEqual([
        { row: 2, column: 'Age', message: 'not a number; a missing one is empty or NA' },
      ])
    for (const age of ['-1', '+1.5', '.5', '1.', '1e3'])
      expect(problemsOf(() => readTable(table(age), schema))).toEqual([])
  })

  it('reports the first 20 of many problems, and how many there are', () => {
    const rows = Array.from({ length: 30 }, () => 'good,x,100,rent,fixed')
    const action = () => readTable(['Status,Age,Income,Home,Job', ...rows].join('\n'), schema)
    expect(problemsOf(action)).toHaveLength(20)
    expect(action).toThrow('row 2, column Age: not a number; a missing one is empty or NA (and 29 more)')
  })

  it('names each missing and each doubled column', () => {
    expect(problemsOf(() => readTable('Status,Age,Age,Home\ngood,1,1,rent\n', schema))).toEqual([
      { column: 'Age', message: 'there is more than one column of this name' },
      { column: 'Income', message: 'this column is missing' },
      { column: 'Job', message: 'this column is missing' },
    ])
  })

  it('leaves unlabelled rows out only when asked to', () => {
    const text = 'Status,Age,Income,Home,Job\ngood,50,150,owner,fixed\nNA,30,50,rent,none\nbad,30,50,rent,none\n'
    const data = readTable(text, schema, { labels: 'skip' })
    expect(Array.from(data.y)).toEqual([1, 0])
    expect(data.columns!.Age).toEqual(['50', '30'])
    expect(Array.from(data.x.subarray(8, 10))).toEqual([-1, -1])
  })

  it.each([
    ['nothing at all', ''],
    ['a header alone', 'Status,Age,Income,Home,Job\n'],
    ['an open quote', 'Status,Age,Income,Home,Job\ngood,"50,150,owner,fixed\n'],
  ])('refuses %s', (_name, text) => {
    expect(problemsOf(() => readTable(text, schema))).not.toEqual([])
  })

  it('refuses bytes that are not UTF-8', () => {
    expect(problemsOf(() => readDataset(Uint8Array.of(0x41, 0xff, 0x0a), schema))).toEqual([
      { message: 'the table is not UTF-8 text' },
    ])
  })
})

describe('encodeRow', () => {
  it('encodes one case as readTable would', () => {
    const table = readTable('Status,Age,Income,Home,Job\ngood,50,,owner,none\n', schema)
    expect(encodeRow({ Age: '50', Home: 'owner', Job: 'none' }, schema)).toEqual(table.x)
  })

  it('names each column that cannot be read', () => {
    expect(problemsOf(() => encodeRow({ Age: 'x', Income: 'y' }, schema))).toEqual([
      { column: 'Age', message: 'not a number; a missing one is empty or NA' },
      { column: 'Income', message: 'not a number; a missing one is empty or NA' },
    ])
  })
})

describe('subset', () => {
  const data = readTable('Status,Age,Income,Home,Job\ngood,50,150,owner,fixed\nbad,30,50,rent,none\n', schema)

  it('takes the examples asked for, in that order, with their columns', () => {
    const both = subset(data, [1, 0, 1])
    expect(Array.from(both.y)).toEqual([0, 1, 0])
    expect(both.x.subarray(8, 16)).toEqual(data.x.subarray(0, 8))
    expect(both.columns!.Home).toEqual(['rent', 'owner', 'rent'])
  })

  it('treats an index outside the dataset as a bug', () => {
    for (const index of [-1, 2, 0.5, NaN]) expect(() => subset(data, [index])).toThrow(RangeError)
  })
})
