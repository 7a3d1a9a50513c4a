import { uniformInt } from '@panal/client-core'
import { imagePerturbation, resample, resamplingOf } from './pixels.ts'

const directions = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => [down, right] as const))
const away = directions.filter(([down, right]) => down !== 0 || right !== 0)

/**
 * Each image moves by whole pixels in one of eight directions, at least one and 1 to 5 where the shorter side has 28. The
 * edge that it leaves is continued.
 */
export const shift = imagePerturbation([1 / 28, 2 / 28, 3 / 28, 4 / 28, 5 / 28], (share, image) => {
  const distance = Math.max(1, Math.round(share * Math.min(image.height, image.width)))
  const moves = away.map(([down, right]) =>
    resamplingOf(image, (row, column) => [row - down * distance, column - right * distance]),
  )
  const { channels } = image
  return (from, to, chance) => resample(moves[uniformInt(chance, moves.length)]!, { from, to, channels })
})
