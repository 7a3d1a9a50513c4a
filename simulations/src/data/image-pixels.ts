import { decode as decodePng, convertIndexedToRgb } from 'fast-png'
import { decode as decodeJpeg } from 'jpeg-js'

/** What an image is to become. */
export interface PixelShape {
  readonly height: number
  readonly width: number
  /** 1: grey, 3: red, green, blue. */
  readonly channels: 1 | 3
}

/** [height, width, channels], row-major; transparency is dropped. */
interface Pixels {
  readonly height: number
  readonly width: number
  readonly channels: 1 | 3
  readonly values: Uint8Array
}

/** More than any photograph, so that a damaged header does not fill the memory. */
const maxMegapixels = 100

/**
 * A PNG or JPEG as pixels of this shape: grey by ITU-R BT.601's luma, resized bilinearly.
 * @throws Error with what is wrong, where the bytes are no such image
 */
export function imagePixels(bytes: Uint8Array, shape: PixelShape): Uint8Array {
  const { values } = resize(withChannels(decodeImage(bytes), shape.channels), shape)
  return values
}

export function decodeImage(bytes: Uint8Array): Pixels {
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return fromPng(bytes)
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return fromJpeg(bytes)
  throw new Error('it is neither PNG nor JPEG')
}

function fromPng(bytes: Uint8Array): Pixels {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 33) throw new Error('it ends within its header')
  const [width, height] = [header.getUint32(16), header.getUint32(20)]
  if (width * height > maxMegapixels * 1e6) throw new Error(`it says to be ${width} × ${height}`)
  const png = decodePng(bytes, { checkCrc: true })
  if (png.palette !== undefined) {
    const channels = png.palette[0]?.length ?? 3
    return dropAlpha({ ...png, channels, data: convertIndexedToRgb(png) })
  }
  return dropAlpha({ ...png, data: png.depth === 8 ? png.data : toBytes(png) })
}

/** Any depth to 8 bits: what is all ones stays all ones. */
function toBytes({
  data,
  depth,
  width,
  height,
  channels,
}: {
  data: ArrayLike<number>
  depth: number
  width: number
  height: number
  channels: number
}) {
  if (depth === 16) return Uint8Array.from(data, (value) => value >> 8)
  const perRow = Math.ceil((width * channels * depth) / 8)
  const most = 2 ** depth - 1
  return Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const [row, bit] = [Math.floor(i / (width * channels)), (i % (width * channels)) * depth]
    const byte = data[row * perRow + (bit >> 3)]!
    return Math.round((((byte >> (8 - depth - (bit & 7))) & most) * 255) / most)
  })
}

function dropAlpha({
  width,
  height,
  channels,
  data,
}: {
  width: number
  height: number
  channels: number
  data: ArrayLike<number>
}): Pixels {
  const kept = channels < 3 ? 1 : 3
  const values = new Uint8Array(width * height * kept)
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let c = 0; c < kept; c++) values[pixel * kept + c] = data[pixel * channels + c]!
  return { width, height, channels: kept, values }
}

function fromJpeg(bytes: Uint8Array): Pixels {
  const { width, height, data } = decodeJpeg(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: maxMegapixels,
  })
  return { width, height, channels: 3, values: data }
}

function withChannels(pixels: Pixels, channels: 1 | 3): Pixels {
  if (pixels.channels === channels) return pixels
  const { width, height, values: from } = pixels
  const values = new Uint8Array(width * height * channels)
  for (let pixel = 0; pixel < width * height; pixel++) {
    if (channels === 3) values.fill(from[pixel]!, 3 * pixel, 3 * pixel + 3)
    else
      values[pixel] = Math.round(0.299 * from[3 * pixel]! + 0.587 * from[3 * pixel + 1]! + 0.114 * from[3 * pixel + 2]!)
  }
  return { width, height, channels, values }
}

/** Bilinear between pixel centres, edges repeated: TensorFlow's `tf.image.resize`, without antialiasing. */
function resize(pixels: Pixels, { height, width }: PixelShape): Pixels {
  if (pixels.height === height && pixels.width === width) return pixels
  const { channels, values: from } = pixels
  const values = new Uint8Array(height * width * channels)
  const rows = Array.from({ length: height }, (_, y) => between(y, height, pixels.height))
  const columns = Array.from({ length: width }, (_, x) => between(x, width, pixels.width))
  const valueAt = (y: number, x: number, c: number) => from[(y * pixels.width + x) * channels + c]!
  rows.forEach(({ low: top, high: bottom, share: down }, y) =>
    columns.forEach(({ low: left, high: right, share: across }, x) => {
      for (let c = 0; c < channels; c++) {
        const upper = valueAt(top, left, c) * (1 - across) + valueAt(top, right, c) * across
        const lower = valueAt(bottom, left, c) * (1 - across) + valueAt(bottom, right, c) * across
        values[(y * width + x) * channels + c] = Math.round(upper * (1 - down) + lower * down)
      }
    }),
  )
  return { height, width, channels, values }
}

function between(i: number, length: number, fromLength: number): { low: number; high: number; share: number } {
  const at = Math.max(0, ((i + 0.5) * fromLength) / length - 0.5)
  const low = Math.min(Math.floor(at), fromLength - 1)
  return { low, high: Math.min(low + 1, fromLength - 1), share: at - low }
}
