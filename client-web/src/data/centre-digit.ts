/** A drawing as MNIST prepares its own: 28×28 bytes, ink bright on black. */
export const digitSide = 28
/** MNIST fits each digit into a box of this side … */
const inkBox = 20
/** … and no drawing is enlarged by more than this, so that a dot does not become a disc. */
const maxEnlargement = 0.35

/**
 * Fits the ink into a 20×20 box, keeping its proportions, and puts its centre of mass in the middle of 28×28.
 * Each pixel is the mean ink of the area it covers (exact, so the result is antialiased), without a second resampling.
 * @param ink [height × width] bytes, 0 = paper, 255 = full ink
 * @returns 784 bytes, row-major, or null where nothing is drawn
 * Source: http://yann.lecun.com/exdb/mnist/ (size normalisation and centring)
 */
export function centreDigit(ink: ArrayLike<number>, width: number, height: number): Uint8Array<ArrayBuffer> | null {
  const found = measure(ink, width, height)
  if (found === null) return null
  const scale = Math.min(inkBox / Math.max(found.width, found.height), maxEnlargement) // digit pixels per drawn pixel
  const covered = areaSums(ink, width, height)
  const middle = digitSide / 2
  const drawnX = (x: number): number => (x - middle) / scale + found.centreX
  const drawnY = (y: number): number => (y - middle) / scale + found.centreY
  const digit = new Uint8Array(digitSide * digitSide)
  for (let row = 0; row < digitSide; row++)
    for (let column = 0; column < digitSide; column++) {
      const sum =
        covered(drawnX(column + 1), drawnY(row + 1)) -
        covered(drawnX(column), drawnY(row + 1)) -
        covered(drawnX(column + 1), drawnY(row)) +
        covered(drawnX(column), drawnY(row))
      digit[row * digitSide + column] = Math.round(Math.min(255, Math.max(0, sum * scale * scale)))
    }
  return digit
}

/** Bounding box and centre of mass, in drawn pixels; null without ink. */
function measure(ink: ArrayLike<number>, width: number, height: number) {
  let [left, right, top, bottom] = [width, -1, height, -1]
  let [mass, sumX, sumY] = [0, 0, 0]
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = ink[y * width + x] ?? 0
      if (value === 0) continue
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y)
      mass += value
      sumX += value * (x + 0.5)
      sumY += value * (y + 0.5)
    }
  if (mass === 0) return null
  return { width: right - left + 1, height: bottom - top + 1, centreX: sumX / mass, centreY: sumY / mass }
}

/** Ink in [0, x) × [0, y), for any real x and y: a summed-area table, linear inside a pixel; outside is paper. */
function areaSums(ink: ArrayLike<number>, width: number, height: number): (x: number, y: number) => number {
  const stride = width + 1
  const table = new Float64Array(stride * (height + 1))
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      table[(y + 1) * stride + x + 1] =
        (ink[y * width + x] ?? 0) +
        (table[y * stride + x + 1] ?? 0) +
        (table[(y + 1) * stride + x] ?? 0) -
        (table[y * stride + x] ?? 0)
  return (x, y) => {
    const insideX = Math.min(width, Math.max(0, x))
    const insideY = Math.min(height, Math.max(0, y))
    const x0 = Math.min(width - 1, Math.floor(insideX))
    const y0 = Math.min(height - 1, Math.floor(insideY))
    const [partX, partY] = [insideX - x0, insideY - y0]
    const corner = y0 * stride + x0
    const upper = (table[corner] ?? 0) * (1 - partX) + (table[corner + 1] ?? 0) * partX
    const lower = (table[corner + stride] ?? 0) * (1 - partX) + (table[corner + stride + 1] ?? 0) * partX
    return upper * (1 - partY) + lower * partY
  }
}
