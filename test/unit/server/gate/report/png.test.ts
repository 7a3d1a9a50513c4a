import { inflateSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { encodePng } from '../../../../../server/src/gate/report/png.ts'

interface Chunk {
  readonly type: string
  readonly data: Buffer
  readonly sum: number
}

function chunksOf(png: Uint8Array): Chunk[] {
  const bytes = Buffer.from(png)
  const chunks: Chunk[] = []
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at)
    const body = bytes.subarray(at + 4, at + 8 + length)
    chunks.push({
      type: body.toString('latin1', 0, 4),
      data: body.subarray(4),
      sum: bytes.readUInt32BE(at + 8 + length),
    })
    at += 12 + length
  }
  return chunks
}

describe('a PNG', () => {
  it('is a signature, a header, the lines each behind its filter 0, and an end', () => {
    const png = encodePng({ width: 2, height: 3, channels: 1 }, Uint8Array.of(1, 2, 3, 4, 5, 6))
    expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10])
    const [header, lines, end] = chunksOf(png)
    expect([header!.type, lines!.type, end!.type]).toEqual(['IHDR', 'IDAT', 'IEND'])
    // width, height, 8 bits, grey, no compression, filter or interlacing of another kind
    expect([...header!.data]).toEqual([0, 0, 0, 2, 0, 0, 0, 3, 8, 0, 0, 0, 0])
    expect([...inflateSync(lines!.data)]).toEqual([0, 1, 2, 0, 3, 4, 0, 5, 6])
    // The sum of the empty IEND, as every PNG has it.
    expect(end!.sum).toBe(0xae426082)
  })

  it.each([
    [1, 0],
    [2, 4],
    [3, 2],
    [4, 6],
  ])('with %d channels is of color type %d', (channels, type) => {
    const [header] = chunksOf(encodePng({ width: 1, height: 1, channels }, new Uint8Array(channels)))
    expect(header!.data[9]).toBe(type)
  })

  it('refuses lengths and channels that do not fit', () => {
    expect(() => encodePng({ width: 2, height: 2, channels: 1 }, new Uint8Array(3))).toThrow(RangeError)
    expect(() => encodePng({ width: 1, height: 1, channels: 5 }, new Uint8Array(5))).toThrow(RangeError)
  })
})
