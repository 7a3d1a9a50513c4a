import { crc32, deflateSync } from 'node:zlib'

export interface PixelSize {
  readonly width: number
  readonly height: number
  /** 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha. */
  readonly channels: number
}

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
/** Of PNG, by channels. */
const colorTypes: Readonly<Record<number, number>> = { 1: 0, 2: 4, 3: 2, 4: 6 }

/**
 * 8-bit pixels, [height, width, channels] row-major, as a PNG without filters; the same pixels give the same bytes.
 * Source: W3C PNG (third edition), sections 5 and 11.2. @throws RangeError on lengths or channels that do not fit
 */
export function encodePng({ width, height, channels }: PixelSize, pixels: Uint8Array): Uint8Array {
  const colorType = colorTypes[channels]
  if (colorType === undefined) throw new RangeError(`png: ${channels} channels`)
  const lineLength = width * channels
  if (pixels.length !== lineLength * height)
    throw new RangeError(`png: ${pixels.length} bytes where ${width} × ${height} × ${channels} are needed`)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, colorType, 0, 0, 0], 8)
  // Before each line stands its filter, 0: none.
  const lines = new Uint8Array((lineLength + 1) * height)
  for (let y = 0; y < height; y++)
    lines.set(pixels.subarray(y * lineLength, (y + 1) * lineLength), y * (lineLength + 1) + 1)
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(lines)), chunk('IEND')])
}

function chunk(type: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const whole = Buffer.alloc(12 + data.length)
  whole.writeUInt32BE(data.length, 0)
  whole.write(type, 4, 'latin1')
  whole.set(data, 8)
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + data.length)), 8 + data.length)
  return whole
}
