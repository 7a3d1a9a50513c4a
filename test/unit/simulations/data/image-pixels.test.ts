import { describe, expect, it } from '@jest/globals'
import { decodeImages } from '../../../../simulations/src/data/decode-images.ts'
import { decodeImage, imagePixels } from '../../../../simulations/src/data/image-pixels.ts'
import { dataBytes, refusalOf } from '../../../fixtures/data-files.ts'

describe('decodeImage', () => {
  // The values are those that test/fixtures/data/make.py writes into the files.
  it.each([
    ['grey8', [3, 2, 1], [0, 100, 200, 10, 20, 255]],
    ['grey16', [2, 1, 1], [0x12, 0xff]], // the upper bytes of 0x1234 and 0xffff
    ['bit1', [10, 1, 1], [255, 0, 255, 255, 0, 0, 0, 0, 0, 255]], // 10110000 01
    ['grey2', [5, 1, 1], [0, 85, 170, 255, 255]], // 0, 1, 2, 3 and 3, of 3
    ['rgba', [2, 1, 3], [255, 0, 0, 0, 0, 255]],
    ['greyalpha', [2, 1, 1], [7, 9]],
    ['palette4', [3, 1, 3], [250, 251, 252, 40, 50, 60, 1, 2, 3]], // entries 2, 1, 0
  ])('reads %s.png', (name, [width, height, channels], values) => {
    const image = decodeImage(dataBytes(`${name}.png`))
    expect([image.width, image.height, image.channels, [...image.values]]).toEqual([width, height, channels, values])
  })

  it.each(['quadrants', 'progressive'])('reads %s.jpg', (name) => {
    const { width, height, channels, values } = decodeImage(dataBytes(`${name}.jpg`))
    expect([width, height, channels]).toEqual([16, 16, 3])
    const at = (y: number, x: number) => [...values.subarray(3 * (16 * y + x), 3 * (16 * y + x) + 3)]
    // djpeg gives [254, 0, 0], [0, 255, 1], [0, 0, 254] and white; decoders may differ by one or two.
    const expected = [
      [at(3, 3), [254, 0, 0]],
      [at(3, 12), [0, 255, 1]],
      [at(12, 3), [0, 0, 254]],
      [at(12, 12), [255, 255, 255]],
    ] as const
    for (const [got, wanted] of expected)
      expect(Math.max(...got.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThanOrEqual(2)
  })
  it('reads a grey JPEG', () => {
    expect(new Set(imagePixels(dataBytes('grey.jpg'), { height: 8, width: 8, channels: 1 }))).toEqual(new Set([128]))
  })

  it.each([
    ['neither', Uint8Array.of(1, 2, 3), 'neither PNG nor JPEG'],
    ['cut short', dataBytes('grey8.png').subarray(0, 20), 'ends within its header'],
    ['damaged', dataBytes('grey8.png').map((byte, i) => (i === 45 ? byte ^ 1 : byte)), /crc/i],
    ['enormous', dataBytes('grey8.png').map((byte, i) => (i === 16 || i === 20 ? 1 : byte)), '16777219 × 16777218'],
    ['half a JPEG', dataBytes('quadrants.jpg').subarray(0, 300), /./],
  ])('refuses what is %s', (_, bytes, message) => {
    expect(() => decodeImage(bytes)).toThrow(message)
  })
})

describe('imagePixels', () => {
  it('makes grey by luma, and colours of grey', () => {
    // 0.299 · 255 = 76.2 and 0.114 · 255 = 29.1
    expect([...imagePixels(dataBytes('rgba.png'), { height: 1, width: 2, channels: 1 })]).toEqual([76, 29])
    expect([...imagePixels(dataBytes('greyalpha.png'), { height: 1, width: 2, channels: 3 })]).toEqual([
      7, 7, 7, 9, 9, 9,
    ])
  })
  it('resizes between the centres of pixels', () => {
    // [0 100 200; 10 20 255] to 2 × 2: columns lie at 0.25 and 1.75 of 0 to 2, so 25 and 175; 12.5 and 196.25.
    expect([...imagePixels(dataBytes('grey8.png'), { height: 2, width: 2, channels: 1 })]).toEqual([25, 175, 13, 196])
    // To 1 × 3 the row lies in the middle: (0 + 10) / 2, (100 + 20) / 2, (200 + 255) / 2.
    expect([...imagePixels(dataBytes('grey8.png'), { height: 1, width: 3, channels: 1 })]).toEqual([5, 60, 228])
  })
})

describe('decodeImages', () => {
  const shape = { height: 1, width: 2, channels: 1 } as const
  const names = ['rgba', 'greyalpha', 'grey16']
  const sources = Array.from({ length: 60 }, (_, i) => ({
    path: `${i}.png`,
    read: async () => dataBytes(`${names[i % 3]!}.png`),
  }))
  const expected = sources.flatMap(
    (_, i) =>
      [
        [76, 29],
        [7, 9],
        [0x12, 0xff],
      ][i % 3]!,
  )

  it.each([0, 1, 2])('gives the images in their order, with %d threads', async (workers) => {
    expect([...(await decodeImages(sources, shape, { workers }))]).toEqual(expected)
  })
  it.each([0, 2])('says which image is damaged, with %d threads', async (workers) => {
    const damaged = sources.with(33, { path: '33.png', read: async () => Uint8Array.of(1) })
    expect(await refusalOf(() => decodeImages(damaged, shape, { workers }))).toMatchObject({
      code: 'malformed',
      message: expect.stringMatching(/^33\.png: .*neither PNG nor JPEG/),
    })
  })
  it.each([0, 2])('stops where it is told to, with %d threads', async (workers) => {
    const stopping = new AbortController()
    const stopsAt10 = sources.with(10, {
      path: '10.png',
      read: async () => {
        stopping.abort(new Error('stopped here'))
        return dataBytes('rgba.png')
      },
    })
    await expect(decodeImages(stopsAt10, shape, { workers, signal: stopping.signal })).rejects.toThrow('stopped here')
  })
  it('reads four images ahead for each thread, and not all at once', async () => {
    let [inFlight, most] = [0, 0]
    let release = (): void => undefined
    const eightAtOnce = new Promise<void>((resolve) => {
      release = resolve
    })
    const waiting = sources.map(({ path, read }) => ({
      path,
      read: async () => {
        most = Math.max(most, ++inFlight)
        if (inFlight === 8) release()
        await eightAtOnce // fewer at once would wait for ever
        inFlight--
        return read()
      },
    }))
    expect([...(await decodeImages(waiting, shape, { workers: 2 }))]).toEqual(expected)
    expect(most).toBe(8)
  })
})
