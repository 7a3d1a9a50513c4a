import { inflateSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { readDataset, writeImageDataset, type DataSchema, type ImageSchema } from '@panal/client-core'
import { shownContents } from '../../../../../server/src/gate/report/shown-content.ts'
import { gateDocument } from '../../../../fixtures/gate-evaluation.ts'

const images: ImageSchema = { kind: 'image', height: 2, width: 3, channels: 1, scale: 1 / 255, classes: ['a', 'b'] }

/** Of a small PNG: its pixels, line by line behind a filter byte. */
const linesOf = (png: Uint8Array): number[] => {
  const bytes = Buffer.from(png)
  const at = bytes.indexOf('IDAT')
  return [...inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)))]
}

describe('what people see of an example', () => {
  it('of an image is a PNG of the very bytes that the file has', () => {
    const pixels = Uint8Array.from({ length: 12 }, (_, i) => (i * 23) % 256)
    const dataset = readDataset(writeImageDataset(pixels, [0, 1], images), images)
    const [second, first] = shownContents(dataset, images, { places: [1, 0] })
    expect(linesOf(first!.image!.png)).toEqual([0, 0, 23, 46, 0, 69, 92, 115])
    expect(linesOf(second!.image!.png)).toEqual([0, 138, 161, 184, 0, 207, 230, 253])
    expect(second!.image).toMatchObject({ width: 3, height: 2 })
  })

  it('of an image that was changed stays within what a pixel can be', () => {
    const dataset = readDataset(writeImageDataset(new Uint8Array(6), [0], images), images)
    const x = Float32Array.of(-0.5, 0, 0.5, 1, 1.5, 0.25)
    const [shown] = shownContents({ ...dataset, x }, images, { places: [0] })
    // 0.5 · 255 = 127.5, 0.25 · 255 = 63.75
    expect(linesOf(shown!.image!.png)).toEqual([0, 0, 0, 128, 0, 255, 255, 64])
  })

  it('of a table are the raw values of every column, also of those that are no features', () => {
    const { data } = gateDocument() as { data: DataSchema }
    const dataset = readDataset(Buffer.from('a,label,city\n1.50,no,Porto\n,yes,<b>\n'), data)
    expect(shownContents(dataset, data, { places: [1, 0] })).toEqual([
      { columns: { a: '', label: 'yes', city: '<b>' } },
      { columns: { a: '1.50', label: 'no', city: 'Porto' } },
    ])
  })
})
