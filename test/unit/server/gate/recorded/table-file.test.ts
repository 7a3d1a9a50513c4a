import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { parquetWriteBuffer, type ParquetWriteOptions } from 'hyparquet-writer'
import { gzipSync } from 'node:zlib'
import { openTableFile } from '../../../../../server/src/gate/recorded/table-file.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-table-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

/** All rows of these columns (all columns unless given), and their numbers. */
async function read(path: string, wanted?: readonly string[]) {
  const { columns, batches } = await openTableFile(path)
  const rows: string[][] = []
  const numbers: number[] = []
  for await (const batch of batches(wanted ?? columns)) {
    numbers.push(...batch.numbers)
    batch.numbers.forEach((_, i) => rows.push(batch.cells.map((column) => column[i]!)))
  }
  return { columns, rows, numbers }
}

const refusal = async (path: string): Promise<unknown> => read(path).catch((error: unknown) => error)

describe('a CSV file', () => {
  it.each([
    ['commas', 'a,b\n1,2\n3,4\n'],
    ['semicolons', 'a;b\n1;2\n3;4\n'],
    ['tabs', 'a\tb\n1\t2\n3\t4\n'],
    ['Windows line ends', 'a,b\r\n1,2\r\n3,4\r\n'],
    ['old Macintosh line ends', 'a,b\r1,2\r3,4\r'],
    ['mixed line ends', 'a,b\r\n1,2\n3,4'],
    ['a byte order mark', '\ufeffa,b\n1,2\n3,4\n'],
    ['spaces around', ' a , b \n 1 ,2\n3, 4 \n'],
    ['quotes', '"a","b"\n"1","2"\n3,"4"\n'],
    ['no line end at its end', 'a,b\n1,2\n3,4'],
  ])('with %s', async (_, text) => {
    expect(await read(await file('plain.csv', text))).toEqual({
      columns: ['a', 'b'],
      rows: [
        ['1', '2'],
        ['3', '4'],
      ],
      numbers: [2, 3],
    })
  })
  it('has quoted cells with separators, quotes and line ends in them', async () => {
    const text = '"a, b",c\r\n"x ""y""","one\r\ntwo"\r\n'
    expect(await read(await file('quoted.csv', text))).toMatchObject({
      columns: ['a, b', 'c'],
      rows: [['x "y"', 'one\ntwo']],
    })
  })
  it('counts blank lines, and leaves them out', async () => {
    expect(await read(await file('blank.csv', 'a,b\n\n1,2\n , \n3,4\n\n'))).toMatchObject({ numbers: [3, 5] })
  })
  it('gives the columns asked for, in that order', async () => {
    expect((await read(await file('some.csv', 'a,b,c\n1,2,3\n'), ['c', 'a'])).rows).toEqual([['3', '1']])
  })
  it('is read the same in pieces: quotes, line ends and letters may lie across their borders', async () => {
    // 1 MiB a piece; 20 bytes a row with two- and four-byte letters: borders fall everywhere.
    const rows = Array.from({ length: 110_000 }, (_, i) => [`r${i}`, i % 3 === 0 ? `Zürich, "🐝"\n${i}` : `é${i}`])
    const text = rows.map(([a, b]) => `${a},"${b!.replaceAll('"', '""')}"\r\n`).join('')
    const found = await read(await file('long.csv', `id,text\r\n${text}`))
    expect(Buffer.byteLength(text)).toBeGreaterThan(2 ** 21)
    expect(found.rows).toEqual(rows)
    expect(found.numbers.at(-1)).toBe(110_001)
  })
  it('is read to the end with one row only, or with a header only', async () => {
    expect(await read(await file('header.csv', 'a,b'))).toEqual({ columns: ['a', 'b'], rows: [], numbers: [] })
    expect(await read(await file('header.csv', 'a,b\r\n'))).toEqual({ columns: ['a', 'b'], rows: [], numbers: [] })
  })
  it.each([
    ['nothing in it', '', 'empty-file', /is empty/],
    ['a row that is too short', 'a,b\n1,2\n3\n', 'ragged-row', /^row 3: 1 cells where the header has 2/],
    ['a row that is too long', 'a,b\n1,2,3\n', 'ragged-row', /^row 2: 3 cells/],
    ['a name twice', 'a,b,a\n1,2,3\n', 'duplicate-column', /more than one column a/],
    ['a quote that is never closed', 'a,b\n1,2\n3,"4\n5,6\n', 'unreadable-file', /row 3: quoted field unterminated/],
    ['letters of another encoding', Buffer.from('a,b\nZ\xfcrich,2\n', 'latin1'), 'unreadable-file', /is not UTF-8/],
  ])('with %s is refused', async (_, content, code, message) => {
    expect(await refusal(await file('broken.csv', content))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })
  it('that is not there, or is a folder, is refused', async () => {
    expect(await refusal(join(folder, 'nowhere.csv'))).toMatchObject({
      code: 'unreadable-file',
      message: expect.stringMatching(/nowhere\.csv cannot be read: there is no such file/),
    })
    expect(await refusal(folder)).toMatchObject({ code: 'unreadable-file' })
  })
})

describe('a Parquet file', () => {
  const columnData: ParquetWriteOptions['columnData'] = [
    { name: 'text', data: ['a', ' b ', null, ''], type: 'STRING', nullable: true },
    { name: 'count', data: [1, -2, 3, 0], type: 'INT32' },
    { name: 'long', data: [1n, 2n ** 60n, 3n, null], type: 'INT64', nullable: true },
    { name: 'p', data: [0.1, 1, 5e-324, NaN], type: 'DOUBLE' },
    { name: 'half', data: [0.5, 0.25, null, 1], type: 'FLOAT', nullable: true },
    { name: 'flag', data: [true, false, null, true], type: 'BOOLEAN', nullable: true },
    { name: 'day', data: [new Date('2024-02-29'), null, null, null], type: 'TIMESTAMP', nullable: true },
  ]
  const expected = [
    ['a', '1', '1', '0.1', '0.5', 'true', '2024-02-29T00:00:00.000Z'],
    ['b', '-2', '1152921504606846976', '1', '0.25', 'false', ''],
    ['', '3', '3', '5e-324', '', '', ''],
    ['', '0', '', 'NaN', '1', 'true', ''],
  ]
  const write = (name: string, options: Partial<ParquetWriteOptions> = {}) =>
    file(name, new Uint8Array(parquetWriteBuffer({ columnData, ...options })))

  it.each([
    ['in one group', {}],
    ['in groups of three', { rowGroupSize: 3 }],
    ['uncompressed', { codec: 'UNCOMPRESSED' as const }],
    ['gzip', { codec: 'GZIP' as const, compressors: { GZIP: (bytes: Uint8Array) => gzipSync(bytes) } }],
  ])('is read as text, %s', async (_, options) => {
    const found = await read(await write('types.parquet', options))
    expect(found.columns).toEqual(columnData.map(({ name }) => name))
    expect(found.rows).toEqual(expected)
    expect(found.numbers).toEqual([1, 2, 3, 4])
  })
  it('gives the columns asked for, in that order, whatever it is called', async () => {
    const path = await write('no-name', { rowGroupSize: 2 })
    expect((await read(path, ['p', 'text'])).rows).toEqual(expected.map((row) => [row[3], row[0]]))
  })
  it('of many rows comes in the order it has', async () => {
    const data = Array.from({ length: 20_001 }, (_, i) => i)
    const path = await write('many.parquet', { columnData: [{ name: 'i', data }], rowGroupSize: 9000 })
    expect((await read(path)).rows.flat().map(Number)).toEqual(data)
  })
  it('that is damaged, or none, is refused', async () => {
    const whole = new Uint8Array(parquetWriteBuffer({ columnData }))
    const message = expect.stringMatching(/cannot be read as Parquet: /)
    expect(await refusal(await file('cut.parquet', whole.subarray(0, 200)))).toMatchObject({
      code: 'unreadable-file',
      message,
    })
    const holed = Uint8Array.from(whole).fill(0xff, 8, 200)
    expect(await refusal(await file('holed.parquet', holed))).toMatchObject({ code: 'unreadable-file', message })
    expect(await refusal(await file('text.parquet', 'a,b\n1,2\n'))).toMatchObject({
      code: 'unreadable-file',
      message: expect.stringMatching(/is no Parquet file/),
    })
  })
})
