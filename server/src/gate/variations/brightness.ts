import { imagePerturbation } from './pixels.ts'

/** Each image gets lighter or darker as a whole by that share of the range; what goes beyond black or white is cut off. */
export const brightness = imagePerturbation([0.1, 0.2, 0.3, 0.4, 0.5], (share) => (from, to, chance) => {
  const added = (chance.uniform() < 0.5 ? 255 : -255) * share
  for (let i = 0; i < from.length; i++) to[i] = from[i]! + added
})
