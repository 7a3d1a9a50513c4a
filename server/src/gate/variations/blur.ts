import { imagePerturbation } from './pixels.ts'

/**
 * Gaussian blur, as of a lens out of focus. Its standard deviation is that share of the shorter side: 0.5 to 2 pixels of
 * 28. The edge is continued.
 */
export const blur = imagePerturbation([0.5 / 28, 0.75 / 28, 1 / 28, 1.5 / 28, 2 / 28], (share, image) => {
  const { height, width, channels } = image
  const weights = gaussian(share * Math.min(height, width))
  const between = new Float32Array(height * width * channels)
  const line = new Float32Array(Math.max(height, width) + weights.length - 1)
  return (from, to) => {
    for (let start = 0; start < width * channels; start++)
      smooth(from, between, { start, step: width * channels, length: height, weights, line })
    for (let row = 0; row < height; row++)
      for (let channel = 0; channel < channels; channel++)
        smooth(between, to, { start: row * width * channels + channel, step: channels, length: width, weights, line })
  }
})

/** [2r + 1] weights that sum to 1, three standard deviations to each side. */
function gaussian(std: number): Float32Array {
  const radius = Math.ceil(3 * std)
  const raw = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * std ** 2)))
  const total = raw.reduce((sum, each) => sum + each, 0)
  return Float32Array.from(raw, (each) => each / total)
}

interface Line {
  readonly start: number
  readonly step: number
  readonly length: number
  readonly weights: Float32Array
  /** Where the line is laid out with its ends continued: at least length + weights.length − 1. */
  readonly line: Float32Array
}

function smooth(
  from: Float32Array,
  to: Float32Array | Uint8ClampedArray,
  { start, step, length, weights, line }: Line,
): void {
  const numWeights = weights.length
  const radius = (numWeights - 1) / 2
  let isBlack = true
  for (let i = 0; i < length; i++) {
    const value = from[start + i * step]!
    line[radius + i] = value
    isBlack &&= value === 0
  }
  // Half of the lines of a drawing are background.
  if (isBlack) {
    for (let i = 0; i < length; i++) to[start + i * step] = 0
    return
  }
  line.fill(line[radius]!, 0, radius)
  line.fill(line[radius + length - 1]!, radius + length, length + 2 * radius)
  for (let i = 0; i < length; i++) {
    let total = 0
    for (let w = 0; w < numWeights; w++) total += weights[w]! * line[i + w]!
    to[start + i * step] = total
  }
}
