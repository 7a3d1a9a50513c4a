import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  CompressionType,
  compressionRegistry,
  RecordBatchStreamWriter,
  Table,
  tableToIPC,
  vectorFromArray,
  Utf8,
  Float64,
  Decimal,
} from 'apache-arrow'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { makeRng, readDataset } from '@panal/client-core'
import { dataSources, type LoadContext } from '@panal/simulations'
import { dataBytes, dataFile, refusalOf } from '../../../fixtures/data-files.ts'

let folder: string
let context: LoadContext
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-tables-'))
  context = { folder, rng: makeRng(1) }
})
afterAll(() => rm(folder, { recursive: true }))

async function stored(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content)
  return name
}

const people = `age;income;home;label;writer
20;1;rent;no;ana
40;3;own;yes;ben

30;;rent;no;ana
`
/** Ages have the mean 30 and the standard deviation √(200 / 3); incomes 2 and 1, and one is missing. */
const z = 10 / Math.sqrt(200 / 3)
const features = { kind: 'columns' as const, columns: ['age', 'income', 'home'] }

describe('csv', () => {
  it('standardises numbers, spreads categories, marks what is missing, and keeps the columns', async () => {
    const train = await stored('people.csv', people)
    // Another home and a missing age are told by the training rows' statistics: all zeros, and the mean.
    const test = await stored('tested.csv', 'age,income,home,label\n50,4,boat,yes\n,2,own,no\n')
    const source = dataSources.csv.make({ train, test, label: 'label', features })
    const loaded = await source.load(context)
    expect(loaded.classes).toEqual(['no', 'yes'])
    expect([...loaded.train.y, ...loaded.test.y]).toEqual([0, 1, 0, 1, 0])
    expect(loaded.train.inputShape).toEqual([5]) // age, income, income missing, home = own, home = rent
    const rows = [
      [-z, -1, 0, 0, 1],
      [z, 1, 0, 1, 0],
      [0, 0, 1, 0, 1],
    ]
    expect([...loaded.train.x]).toEqual(rows.flat().map(Math.fround))
    expect([...loaded.test.x]).toEqual([2 * z, 2, 0, 0, 0, 0, 0, 0, 1, 0].map(Math.fround))
    expect(loaded.train.columns!['writer']).toEqual(['ana', 'ben', 'ana'])
    // What the schema makes of the same file is the same: a server can use it.
    const { schema } = loaded
    expect(readDataset(new TextEncoder().encode(people), schema)).toEqual(loaded.train)
    expect(loaded.digests.map(({ name, sha256 }) => [name, sha256.length])).toEqual([
      ['people.csv', 64],
      ['tested.csv', 64],
    ])
  })

  it('keeps a share for testing, the same for the same seed, and takes the statistics from the rest', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => `${i},${i % 2 === 0 ? 'a' : 'b'}`)
    const train = await stored('hundred.csv', ['x,y', ...rows].join('\n'))
    const source = dataSources.csv.make({ train, testShare: 0.2, label: 'y' })
    const [once, again] = [await source.load(context), await source.load({ ...context, rng: makeRng(1) })]
    expect([once.train.numExamples, once.test.numExamples]).toEqual([80, 20])
    expect(again).toEqual(once)
    const values = [...once.train.columns!['x']!, ...once.test.columns!['x']!].map(Number)
    expect(values.sort((a, b) => a - b)).toEqual([...rows.keys()])
    const mean = once.train.x.reduce((sum, value) => sum + value, 0) / 80
    expect(Math.abs(mean)).toBeLessThan(1e-6)
    const other = await source.load({ ...context, rng: makeRng(2) })
    expect(other.test.columns).not.toEqual(once.test.columns)
  })

  it('orders classes that are numbers as numbers, and takes those it is told', async () => {
    const train = await stored('digits.csv', 'x,y\n1,10\n2,9\n3,9\n4,10\n')
    const byNumber = await dataSources.csv.make({ train, testShare: 0.5, label: 'y' }).load(context)
    expect(byNumber.classes).toEqual(['9', '10'])
    const told = dataSources.csv.make({ train, testShare: 0.5, label: 'y', classes: ['10', '9', '8'] })
    const { classes, train: one, test } = await told.load(context)
    expect(classes).toEqual(['10', '9', '8'])
    expect([...one.y, ...test.y].sort()).toEqual([0, 0, 1, 1])
  })

  const csv = (text: string, options: object = {}) => ({
    text,
    options: { label: 'label', testShare: 0.5, ...options },
  })
  const ids = Array.from({ length: 1002 }, (_, i) => `id${i},yes`).join('\n')
  it.each([
    ['no label', csv('age,label\n1,yes\n2,\n'), { code: 'missing-label', place: { row: 3, column: 'label' } }],
    [
      'no such label column',
      csv('age,status\n1,yes\n2,no\n'),
      { code: 'unknown-column', message: expect.stringContaining('There are: age, status') },
    ],
    [
      'no such feature',
      csv(people, { features: { kind: 'columns', columns: ['size'] } }),
      { code: 'unknown-column', place: { column: 'size' } },
    ],
    [
      'a class that is not listed',
      csv('age,label\n1,yes\n2,no\n', { classes: ['yes', 'never'] }),
      { code: 'unknown-label', place: { row: 3, column: 'label' } },
    ],
    ['a ragged row', csv('age,label\n1,yes\n2\n'), { code: 'malformed', place: { row: 3 } }],
    ['two columns of one name', csv('age,age,label\n1,2,yes\n'), { code: 'malformed', place: { column: 'age' } }],
    ['only a header', csv('age,label\n'), { code: 'no-examples' }],
    ['nothing', csv(''), { code: 'malformed' }],
    ['one row to train and to test on', csv('age,label\n1,yes\n'), { code: 'bad-split' }],
    [
      'nothing to test on',
      csv(people, { testShare: undefined }),
      { code: 'bad-split', message: expect.stringContaining('nothing to test on') },
    ],
    [
      'two things to test on',
      csv(people, { test: 'b.csv' }),
      { code: 'bad-split', message: expect.stringContaining('both') },
    ],
    [
      'an id as a category',
      csv(`id,label\n${ids}`, { testShare: 0.0005 }),
      { code: 'unsupported', place: { column: 'id' } },
    ],
    [
      'text where a list should be',
      csv(people, { features: { kind: 'list', column: 'home' } }),
      { code: 'bad-cell', place: { row: 2, column: 'home' } },
    ],
    [
      'text where an image should be',
      csv(people, { features: { kind: 'image', column: 'home', height: 1, width: 1, channels: 1 } }),
      { code: 'bad-cell', place: { row: 2, column: 'home' } },
    ],
  ])('refuses %s', async (_, { text, options }, expected) => {
    const train = await stored('refused.csv', text)
    // What the schema of an experiment makes sure of, a test may do without.
    const make = dataSources.csv.make as (given: object) => ReturnType<typeof dataSources.csv.make>
    const refused = await refusalOf(() => make({ train, ...options }).load(context))
    expect(refused).toMatchObject(expected)
  })

  it('refuses a text in a column of numbers that only the test file has', async () => {
    const train = await stored('numbers.csv', 'age,label\n1,yes\n2,no\n')
    const test = await stored('texts.csv', 'age,label\n1,yes\nold,no\n')
    const refused = await refusalOf(() => dataSources.csv.make({ train, test, label: 'label' }).load(context))
    expect(refused).toMatchObject({ code: 'bad-cell', place: { row: 3, column: 'age' } })
    expect(refused.message).toMatch(/texts\.csv, row 3, column age: not a number/)
  })
  it('refuses what is not UTF-8', async () => {
    const train = await stored('latin.csv', Uint8Array.of(0x61, 0xe7, 0x0a))
    expect(
      await refusalOf(() => dataSources.csv.make({ train, testShare: 0.5, label: 'a' }).load(context)),
    ).toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('UTF-8'),
    })
  })
})

/** Written by parquet-rs and arrow-rs: see test/fixtures/data/README.md. */
describe.each([
  ['parquet', dataSources.parquet, 'people.parquet'],
  ['arrow', dataSources.arrow, 'people.arrow'],
] as const)('%s', (name, source, file) => {
  const path = dataFile(file)

  it('reads lists of numbers, dictionaries, int64 and nulls as other programs write them', async () => {
    const { train, test, classes } = await source
      .make({
        train: path,
        test: path,
        label: 'label',
        features: { kind: 'list', column: 'pixels', shape: [2, 1, 1], scale: 2 },
      })
      .load(context)
    expect(classes).toEqual(['no', 'yes'])
    expect([...train.y]).toEqual([0, 1, 1, 0])
    expect([...train.x]).toEqual([0, 1, 2, 0.5, 1.5, 2, 0.25, 0])
    expect(train.inputShape).toEqual([2, 1, 1])
    expect(train.columns).toEqual({
      writer: ['ana', 'ben', 'ana', 'çem'],
      age: ['31', '42', '53', '64'],
      income: ['1.5', '', '-2.25', '4'],
      label: ['no', 'yes', 'yes', 'no'],
    })
    expect(test).toEqual(train)
  })
  it('makes numbers of its columns', async () => {
    const { train } = await source
      .make({ train: path, test: path, label: 'label', features: { kind: 'columns', columns: ['age', 'income'] } })
      .load(context)
    expect(train.inputShape).toEqual([3]) // age, income, income missing
    // The mean of 31, 42, 53, 64 is 47.5, their standard deviation √151.25.
    expect([0, 3, 6, 9].map((at) => train.x[at])).toEqual(
      [-16.5, -5.5, 5.5, 16.5].map((d) => Math.fround(d / Math.sqrt(151.25))),
    )
    expect([2, 5, 8, 11].map((at) => train.x[at])).toEqual([0, 1, 0, 0])
  })
  it('refuses a list as a feature of its own, and lists of another length', async () => {
    const load = (features: object) => {
      const make = source.make as (given: object) => ReturnType<typeof source.make>
      return refusalOf(() => make({ train: path, test: path, label: 'label', features }).load(context))
    }
    expect(await load({ kind: 'columns', columns: ['pixels'] })).toMatchObject({
      code: 'bad-cell',
      place: { row: 1, column: 'pixels' },
    })
    const other = await stored(
      'shorter.arrow',
      tableToIPC(new Table({ pixels: vectorFromArray([1, 2]), label: vectorFromArray(['no', 'yes']) })),
    )
    const list = { kind: 'list' as const, column: 'pixels' }
    const arrow = dataSources.arrow.make({
      train: dataFile('people.arrow'),
      test: other,
      label: 'label',
      features: list,
    })
    expect(await refusalOf(() => arrow.load(context))).toMatchObject({ code: 'uneven-examples' })
    expect(await load({ kind: 'list', column: 'pixels', shape: [3] })).toMatchObject({
      code: 'uneven-examples',
      place: { row: 1 },
    })
  })
  it.each([
    ['half of it', (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2)],
    ['something else', () => new TextEncoder().encode('a,b\n1,2\n')],
    ['nothing', () => new Uint8Array(0)],
  ])('refuses %s', async (_, damage) => {
    const train = await stored(`damaged.${name}`, damage(dataBytes(file)))
    const refused = await refusalOf(() => source.make({ train, testShare: 0.5, label: 'label' }).load(context))
    expect(refused).toMatchObject({ code: 'malformed', message: expect.stringContaining(`damaged.${name}`) })
  })
})

describe('parquet', () => {
  it('decodes images that lie in a column', async () => {
    const image = ['grey8', 'grey8', 'rgba'].map((name) => dataBytes(`${name}.png`))
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'image', data: image, type: 'BYTE_ARRAY' },
        { name: 'label', data: [3, 1, 3], type: 'INT32' },
      ],
    })
    const train = await stored('images.parquet', new Uint8Array(bytes))
    const features = { kind: 'image', column: 'image', height: 2, width: 3, channels: 1 } as const
    const loaded = await dataSources.parquet.make({ train, test: train, label: 'label', features }).load(context)
    expect(loaded.train.inputShape).toEqual([2, 3, 1])
    expect([...loaded.train.x.subarray(0, 6)]).toEqual(
      [0, 100, 200, 10, 20, 255].map((byte) => Math.fround(byte / 255)),
    )
    expect([...loaded.train.y]).toEqual([1, 0, 1])
    expect(Object.keys(loaded.train.columns!)).toEqual(['label'])
  })
})

describe('arrow', () => {
  it('reads the file format as well as the stream', async () => {
    const table = new Table({
      age: vectorFromArray([1, 2, 4], new Float64()),
      label: vectorFromArray(['a', 'b', 'a'], new Utf8()),
    })
    const train = await stored('file.arrow', tableToIPC(table, 'file'))
    const loaded = await dataSources.arrow.make({ train, test: train, label: 'label' }).load(context)
    expect(loaded.train.columns).toEqual({ age: ['1', '2', '4'], label: ['a', 'b', 'a'] })
  })
  // 100 numbers of 8 bytes 0x40: the frames are written by hand, for the library has no encoder.
  it.each([
    [
      'LZ4',
      CompressionType.LZ4_FRAME,
      // One block of 14 bytes: a literal, 4 + 15 + 255 + 255 + 255 + 10 = 794 from one byte back, and 5 literals.
      [4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 14, 0, 0, 0, 0x1f, 0x40, 1, 0, 255, 255, 255, 10, 0x50].concat([
        0x40, 0x40, 0x40, 0x40, 0x40, 0, 0, 0, 0,
      ]),
    ],
    // Content size 800 less 256 in two bytes; the last block, of one repeated byte.
    ['zstd', CompressionType.ZSTD, [0x28, 0xb5, 0x2f, 0xfd, 0x60, 0x20, 0x02, 0x03, 0x19, 0, 0x40]],
  ])('reads %s', async (name, compressionType, frame) => {
    const decoder = compressionRegistry.get(compressionType)!
    // What comes out longer than it was, the library stores as it is.
    const encode = (body: Uint8Array) => Uint8Array.from(body.length === 800 ? frame : [...frame, ...body])
    const writer = new RecordBatchStreamWriter({ compressionType })
    const [age] = new Float64Array(new Uint8Array(8).fill(0x40).buffer)
    const ages = new Array<number>(100).fill(age!)
    const label = ages.map((_, i) => (i < 20 ? 'young' : 'old'))
    compressionRegistry.set(compressionType, { ...decoder, encode })
    writer.write(new Table({ age: vectorFromArray(ages, new Float64()), label: vectorFromArray(label, new Utf8()) }))
    writer.finish()
    compressionRegistry.set(compressionType, decoder)
    const bytes = writer.toUint8Array(true)
    expect(Buffer.from(bytes).includes(Buffer.from(frame))).toBe(true)
    const train = await stored(`${name}.arrow`, bytes)
    const loaded = await dataSources.arrow.make({ train, test: train, label: 'label' }).load(context)
    expect(loaded.train.columns).toEqual({ age: ages.map(String), label })
  })
  it('refuses a type that it would read wrongly', async () => {
    const table = new Table({
      price: vectorFromArray([new Uint32Array(4)], new Decimal(2, 10, 128)),
      label: vectorFromArray(['a'], new Utf8()),
    })
    const train = await stored('decimal.arrow', tableToIPC(table, 'stream'))
    expect(
      await refusalOf(() => dataSources.arrow.make({ train, test: train, label: 'label' }).load(context)),
    ).toMatchObject({
      code: 'unsupported',
      place: { column: 'price' },
    })
  })
})

describe('tfrecord', () => {
  it('reads features by their names, texts as UTF-8', async () => {
    const path = dataFile('two.tfrecord')
    const features = { kind: 'list', column: 'pixels' } as const
    const loaded = await dataSources.tfrecord.make({ train: path, test: path, label: 'label', features }).load(context)
    expect(loaded.classes).toEqual(['cat', 'çat'])
    expect([...loaded.train.x]).toEqual([0.5, 1, 0.25, -2])
    expect(loaded.train.columns).toEqual({ label: ['cat', 'çat'], age: ['-3', '300'], note: ['', 'x'] })
  })
})
