import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { crc32c, maskedCrc32c } from '../../../../simulations/src/data/crc32c.ts'
import { frameRecord, readRecords } from '../../../../simulations/src/data/record-framing.ts'
import { readTfRecordTable } from '../../../../simulations/src/data/tfrecord.ts'
import { dataBytes, dataFile, refusalOf } from '../../../fixtures/data-files.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-tfrecord-'))
})
afterAll(() => rm(folder, { recursive: true }))

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('crc32c', () => {
  // RFC 3720, appendix B.4, and the check value of the CRC catalogue.
  it.each([
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['“123456789”', new TextEncoder().encode('123456789'), 0xe3069283],
  ])('of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected)
  })
  it('is rotated and shifted where it is stored', () => {
    // The CRC of nothing is 0: rotated still 0, plus 0xa282ead8.
    expect(maskedCrc32c(new Uint8Array(0))).toBe(0xa282ead8)
  })
})

describe('records', () => {
  it('are framed as TensorFlow frames them', () => {
    // An empty record, written by Python's struct and a bitwise CRC (test/fixtures/data/make.py).
    expect(hex(frameRecord(new Uint8Array(0)))).toBe('000000000000000029039807d8ea82a2')
  })
  it('come back as they were written, with their places', () => {
    const file = Buffer.concat([Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(4)].map(frameRecord))
    // 16 bytes of frame around each.
    expect([...readRecords(file, 'f')].map((each) => [...each.data, each.number, each.byteOffset])).toEqual([
      [1, 2, 3, 1, 0],
      [2, 19],
      [4, 3, 35],
    ])
  })

  const bytes = dataBytes('two.tfrecord') // records of 67 and 75 bytes: the second begins at 83
  const changed = (at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
  it.each([
    ['a length', changed(83), { code: 'checksum', place: { row: 2, byteOffset: 91 } }],
    ['the checksum of a length', changed(8), { code: 'checksum', place: { row: 1, byteOffset: 8 } }],
    ['the data', changed(20), { code: 'checksum', place: { row: 1, byteOffset: 79 } }],
    ['the checksum of the data', changed(bytes.length - 1), { code: 'checksum', place: { row: 2, byteOffset: 170 } }],
    ['the end', bytes.subarray(0, 173), { code: 'malformed', place: { row: 2, byteOffset: 83 } }],
    ['all but a piece of a header', bytes.subarray(0, 90), { code: 'malformed', place: { row: 2, byteOffset: 83 } }],
  ])('are refused where %s is damaged', async (_, damaged, expected) => {
    expect(await refusalOf(() => [...readRecords(damaged, 'f')])).toMatchObject(expected)
  })
})

describe('readTfRecordTable', () => {
  const expected = [
    ['label', ['cat', 'çat']],
    ['age', [-3, 300]],
    [
      'pixels',
      [
        [0.5, 1],
        [0.25, -2],
      ],
    ], // packed, and not
    ['note', [undefined, 'x']],
  ]
  const plain = (cell: unknown) => (cell instanceof Uint8Array ? new TextDecoder().decode(cell) : cell)

  it('has a column for each feature', async () => {
    const table = await readTfRecordTable(dataFile('two.tfrecord'))
    expect([...table.columns].map(([name, cells]) => [name, Array.from(cells, plain)])).toEqual(expected)
    expect([table.numRows, table.rowOf(1)]).toEqual([2, 2])
  })
  it('reads gzip', async () => {
    const path = join(folder, 'two.tfrecord.gz')
    await writeFile(path, gzipSync(dataBytes('two.tfrecord')))
    const table = await readTfRecordTable(path)
    expect([...table.columns].map(([name, cells]) => [name, Array.from(cells, plain)])).toEqual(expected)
  })
  it('refuses records that are no examples', async () => {
    const path = join(folder, 'other.tfrecord')
    // Field 1 with 127 bytes, of which there are none.
    await writeFile(path, Buffer.concat([frameRecord(Uint8Array.of()), frameRecord(Uint8Array.of(0x0a, 0x7f))]))
    expect(await refusalOf(() => readTfRecordTable(path))).toMatchObject({
      code: 'malformed',
      place: { row: 2, byteOffset: 16 },
      message: expect.stringContaining('no tf.Example'),
    })
  })
  it('refuses what is not there', async () => {
    expect(await refusalOf(() => readTfRecordTable(join(folder, 'none')))).toMatchObject({ code: 'missing-file' })
    expect(await refusalOf(() => readTfRecordTable(folder))).toMatchObject({ code: 'unreadable-file' })
  })
  it('refuses gzip that is cut short', async () => {
    const path = join(folder, 'cut.gz')
    await writeFile(path, gzipSync(dataBytes('two.tfrecord')).subarray(0, 40))
    expect(await refusalOf(() => readTfRecordTable(path))).toMatchObject({ code: 'malformed' })
  })
})
