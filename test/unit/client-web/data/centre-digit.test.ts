import { describe, expect, it } from '@jest/globals'
import { centreDigit, digitSide } from '../../../../client-web/src/data/centre-digit.ts'

const side = 280

/** Full ink where `isInk` says so, for pixel centres. */
function draw(isInk: (x: number, y: number) => boolean): Uint8Array {
  const ink = new Uint8Array(side * side)
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) if (isInk(x + 0.5, y + 0.5)) ink[y * side + x] = 255
  return ink
}

const box = (left: number, top: number, right: number, bottom: number) => (x: number, y: number) =>
  x > left && x < right && y > top && y < bottom

const centred = (ink: Uint8Array): Uint8Array => {
  const digit = centreDigit(ink, side, side)
  if (digit === null) throw new Error('nothing drawn')
  return digit
}

/** Bounds of what is not black, and the centre of mass with pixel centres at half numbers. */
function measure(digit: Uint8Array) {
  let [mass, sumX, sumY] = [0, 0, 0]
  const columns = new Set<number>()
  const rows = new Set<number>()
  digit.forEach((value, i) => {
    if (value === 0) return
    const [x, y] = [i % digitSide, Math.floor(i / digitSide)]
    columns.add(x)
    rows.add(y)
    mass += value
    sumX += value * (x + 0.5)
    sumY += value * (y + 0.5)
  })
  return { width: columns.size, height: rows.size, mass, x: sumX / mass, y: sumY / mass }
}

describe('centreDigit', () => {
  it('answers null for an empty pad', () => {
    expect(centreDigit(new Uint8Array(side * side), side, side)).toBeNull()
  })

  it('fits the ink into 20 × 20 and keeps its proportions', () => {
    // 100 × 200 drawn: the taller side becomes 20, the other 10
    const { width, height } = measure(centred(draw(box(20, 30, 120, 230))))
    expect({ width, height }).toEqual({ width: 10, height: 20 })
  })

  it('puts the centre of mass in the middle, wherever it was drawn', () => {
    // an L: its centre of mass is not the middle of its box, so the box is off-centre in the result
    const letter = (left: number, top: number) => (x: number, y: number) =>
      box(left, top, left + 20, top + 160)(x, y) || box(left, top + 140, left + 100, top + 160)(x, y)
    const here = centred(draw(letter(20, 20)))
    const { x, y } = measure(here)
    // bytes are rounded: the centre may be off by a small part of a pixel
    expect(Math.abs(x - 14)).toBeLessThan(0.02)
    expect(Math.abs(y - 14)).toBeLessThan(0.02)
    // a byte that is just at the half may round either way
    const there = centred(draw(letter(150, 100)))
    expect(Math.max(...Array.from(there, (value, i) => Math.abs(value - (here[i] ?? NaN))))).toBeLessThanOrEqual(1)
  })

  it('keeps the amount of ink: each pixel is the mean ink of the area it covers', () => {
    // 200 × 200 at scale 0.1: 20 × 20 pixels of full ink, symmetric about the middle of 28: columns 4 … 23
    const digit = centred(draw(box(40, 40, 240, 240)))
    expect(measure(digit)).toEqual({ width: 20, height: 20, mass: 400 * 255, x: 14, y: 14 })
    expect(digit[14 * digitSide + 3]).toBe(0)
    expect(digit[14 * digitSide + 4]).toBe(255)
  })

  it('antialiases: an edge in the middle of a pixel is half bright', () => {
    // 190 wide at scale 20/200 is 19 pixels, centred on 14: from 4.5 to 23.5
    const digit = centred(draw(box(40, 40, 230, 240)))
    expect(digit[14 * digitSide + 4]).toBe(128) // 255 / 2, rounded
    expect(digit[14 * digitSide + 5]).toBe(255)
    expect(digit[14 * digitSide + 23]).toBe(128)
  })

  it('does not blow a dot up to a disc', () => {
    // 20 × 20 drawn would fill 20 × 20 of the digit at scale 1; 0.35 is the most: 7 × 7, and its edges
    const { width, height } = measure(centred(draw(box(100, 100, 120, 120))))
    expect(width).toBeLessThanOrEqual(8)
    expect(height).toBeLessThanOrEqual(8)
  })

  it('takes ink that reaches the edge of the pad', () => {
    const { width, height } = measure(centred(draw(() => true)))
    expect({ width, height }).toEqual({ width: 20, height: 20 })
  })

  it('counts faint ink as faint', () => {
    const faint = draw(box(40, 40, 240, 240)).map((value) => (value === 255 ? 51 : 0))
    expect(Math.max(...centred(faint))).toBe(51)
  })
})
