import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { writeImageDataset, type ImageSchema, type TableSchema } from '@panal/client-core'
import { examineDataset } from '../../../../server/src/gate/examine-dataset.ts'

const table: TableSchema = {
  kind: 'table',
  columns: [{ name: 'home', kind: 'categorical', values: ['own', 'rent'], missing: 'indicator' }],
  label: { column: 'paid' },
  classes: ['no', 'yes'],
}
const ofRows = (...rows: string[]) => examineDataset(Buffer.from(['home,paid', ...rows].join('\n')), table)

describe('examineDataset', () => {
  it('counts the examples and names the columns of a table', () => {
    expect(ofRows('own,no', 'rent,yes')).toMatchObject({ numExamples: 2, columns: ['home', 'paid'] })
  })

  it('keeps each distinct content once, labels left out, in ascending order', () => {
    const key = (...values: string[]) => createHash('sha256').update(JSON.stringify(values)).digest().readBigUInt64LE()
    const [own, rent] = [key('own'), key('rent')]
    const expected = BigUint64Array.from(own < rent ? [own, rent] : [rent, own])
    expect(ofRows('own,no', 'rent,yes', 'own,yes').contents).toEqual(expected)
  })

  it('tells values apart that the encoding makes alike', () => {
    // neither is listed, so both are encoded as "another"
    expect(ofRows('tent,no', 'boat,no').contents).toHaveLength(2)
  })

  it('takes the pixels of an image', () => {
    const schema: ImageSchema = { kind: 'image', height: 1, width: 2, channels: 1, scale: 1, classes: ['a', 'b'] }
    const pixels = Uint8Array.of(1, 2, 3, 4, 1, 2)
    expect(examineDataset(writeImageDataset(pixels, [0, 1, 1], schema), schema)).toMatchObject({
      numExamples: 3,
      columns: [],
      contents: { length: 2 },
    })
  })

  it('refuses what does not fit the schema', () => {
    expect(() => examineDataset(Buffer.from('height\n3'), table)).toThrow(
      expect.objectContaining({ code: 'invalid-dataset' }),
    )
  })
})
