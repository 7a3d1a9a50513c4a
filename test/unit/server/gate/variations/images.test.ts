import { describe, expect, it } from '@jest/globals'
import type { ImageSchema } from '@panal/client-core'
import type { VariationSpec } from '@panal/server'
import { vary } from '../../../../../server/src/gate/variations/vary.ts'
import { imagesOf } from '../../../../fixtures/varying-examples.ts'

const square = (side: number, channels = 1): ImageSchema => ({
  kind: 'image',
  height: side,
  width: side,
  channels,
  scale: 1 / 255,
  classes: ['no', 'yes'],
})
/** The bytes of images under a variation. */
function bytes(shown: readonly number[], spec: VariationSpec, schema: ImageSchema, seed = 1): number[] {
  const { dataset } = vary(imagesOf(shown, schema), schema, { ...spec, seed })
  return Array.from(dataset.x, (value) => Math.round(value / schema.scale))
}
/** Dark, with one bright pixel. */
const lit = (side: number, row: number, column: number): number[] =>
  Array.from({ length: side * side }, (_, i) => (i === row * side + column ? 255 : 0))

describe('shift', () => {
  it('moves by whole pixels into one of eight directions', () => {
    const seen = new Set<number>()
    for (let seed = 0; seed < 200; seed++) {
      const moved = bytes(lit(5, 2, 2), { name: 'shift', severity: 1 }, square(5), seed)
      expect(moved.filter((byte) => byte === 255)).toHaveLength(1)
      seen.add(moved.indexOf(255))
    }
    // the eight neighbours of (2, 2) in rows of five
    expect([...seen].sort((a, b) => a - b)).toEqual([6, 7, 8, 11, 13, 16, 17, 18])
  })
  it('moves further with severity: 1 to 5 pixels of 28', () => {
    for (const severity of [1, 2, 3, 4, 5] as const) {
      const at = bytes(lit(28, 14, 14), { name: 'shift', severity }, square(28)).indexOf(255)
      const [down, right] = [Math.abs(Math.floor(at / 28) - 14), Math.abs((at % 28) - 14)]
      expect(Math.max(down, right)).toBe(severity)
      expect([0, severity]).toContain(Math.min(down, right))
    }
  })
  it('continues the edge that it leaves', () => {
    const bright = new Array<number>(25).fill(200)
    expect(bytes(bright, { name: 'shift', severity: 5 }, square(5))).toEqual(bright)
  })
})

describe('rotate', () => {
  it('turns about the centre, and interpolates', () => {
    // 30°: (0, 1) comes from (1 − cos 30°, 1 ∓ ½) = (.134, ½ or 1½), where the lit pixel's share is .866 · .5: 110.4
    const turned = bytes(lit(3, 0, 1), { name: 'rotate', severity: 5 }, square(3))
    expect(turned[1]).toBe(110)
    expect(bytes(lit(3, 1, 1), { name: 'rotate', severity: 5 }, square(3))[4]).toBe(255)
  })
  it('turns some one way and some the other', () => {
    const ways = Array.from({ length: 20 }, (_, seed) =>
      bytes(lit(5, 0, 2), { name: 'rotate', severity: 5 }, square(5), seed).join(),
    )
    expect(new Set(ways).size).toBe(2)
  })
})

describe('blur', () => {
  it('is a Gaussian in both directions: one pixel of 28 at severity 3', () => {
    // weights ∝ 1, e^−½, e^−2, e^−4.5: 1 / 2.50596 = .39905 in the middle; 255 · .39905² = 40.6, next to it · .60653: 24.6
    const blurred = bytes(lit(28, 14, 14), { name: 'blur', severity: 3 }, square(28))
    const at = (row: number, column: number) => blurred[row * 28 + column]
    expect([at(14, 14), at(14, 15), at(13, 14), at(13, 13), at(14, 18)]).toEqual([41, 25, 25, 15, 0])
  })
  it('continues the edge: nothing gets darker there', () => {
    const bright = new Array<number>(25).fill(200)
    expect(bytes(bright, { name: 'blur', severity: 5 }, square(5))).toEqual(bright)
  })
  it('keeps channels apart', () => {
    const shown = Array.from({ length: 28 * 28 * 2 }, (_, i) => (i % 2 === 0 ? 80 : 160))
    expect(bytes(shown, { name: 'blur', severity: 5 }, square(28, 2))).toEqual(shown)
  })
})

describe('contrast', () => {
  it('leaves a share of the distance to the mean', () => {
    // mean 100; at severity 2 .6 is left
    const shown = [0, 100, 200, 100]
    expect(bytes(shown, { name: 'contrast', severity: 2 }, square(2))).toEqual([40, 100, 160, 100])
  })
  it('takes the mean of each channel', () => {
    const shown = [0, 250, 100, 250, 200, 250, 100, 250]
    expect(bytes(shown, { name: 'contrast', severity: 2 }, square(2, 2))).toEqual([
      40, 250, 100, 250, 160, 250, 100, 250,
    ])
  })
})

describe('brightness', () => {
  it('adds or takes away the same everywhere, and cuts off at black and white', () => {
    // a fifth of 255 is 51
    const ways = Array.from({ length: 20 }, (_, seed) =>
      bytes([0, 100, 200, 250], { name: 'brightness', severity: 2 }, square(2), seed),
    )
    expect(new Set(ways.map((way) => way.join()))).toEqual(new Set(['51,151,251,255', '0,49,149,199']))
  })
})

describe('pixel-noise', () => {
  it('has the standard deviation of the severity, and no bias', () => {
    const shown = new Array<number>(88 * 88).fill(128)
    const changes = bytes(shown, { name: 'pixel-noise', severity: 2 }, square(88)).map((byte) => byte - 128)
    const mean = changes.reduce((sum, each) => sum + each, 0) / changes.length
    const std = Math.sqrt(changes.reduce((sum, each) => sum + (each - mean) ** 2, 0) / changes.length)
    // .08 · 255 = 20.4; of 7,744 draws the mean is off by .23 and the deviation by .16: four of them
    expect(Math.abs(mean)).toBeLessThan(0.93)
    expect(Math.abs(std - 20.4)).toBeLessThan(0.66)
  })
})

describe('every image', () => {
  it('is read and written as bytes × scale, whatever the scale is', () => {
    for (const scale of [1, 1 / 127.5, -2, 1e-3]) {
      const schema = { ...square(2), scale }
      expect(bytes([0, 100, 200, 100], { name: 'contrast', severity: 2 }, schema)).toEqual([40, 100, 160, 100])
    }
  })
  it('stays as it is where a scale of 0 leaves nothing to see', () => {
    const schema = { ...square(2), scale: 0 }
    const { dataset, applies } = vary(imagesOf([0, 100, 200, 100], schema), schema, {
      name: 'shift',
      severity: 1,
      seed: 1,
    })
    expect([...dataset.x, ...applies]).toEqual([0, 0, 0, 0, 0])
  })
})
