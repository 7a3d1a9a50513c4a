import { imagePerturbation } from './pixels.ts'

/** That share of a pixel's distance to the mean of its channel in the image is left, as in fog or against the light. */
export const contrast = imagePerturbation([0.8, 0.6, 0.45, 0.3, 0.15], (share, { channels }) => (from, to) => {
  for (let channel = 0; channel < channels; channel++) {
    let total = 0
    for (let i = channel; i < from.length; i += channels) total += from[i]!
    const mean = total / (from.length / channels)
    for (let i = channel; i < from.length; i += channels) to[i] = mean + share * (from[i]! - mean)
  }
})
