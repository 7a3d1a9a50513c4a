import { imagePerturbation, resample, resamplingOf } from './pixels.ts'

/** Each image turns about its centre by so many degrees, one way or the other; the edge is continued. */
export const rotate = imagePerturbation([5, 10, 15, 20, 30], (degrees, image) => {
  const [middleRow, middleColumn] = [(image.height - 1) / 2, (image.width - 1) / 2]
  const turn = (angle: number) =>
    resamplingOf(image, (row, column) => {
      const [y, x] = [row - middleRow, column - middleColumn]
      return [
        middleRow + Math.cos(angle) * y - Math.sin(angle) * x,
        middleColumn + Math.sin(angle) * y + Math.cos(angle) * x,
      ]
    })
  const angle = (degrees * Math.PI) / 180
  const [oneWay, theOther] = [turn(angle), turn(-angle)]
  const { channels } = image
  return (from, to, chance) => resample(chance.uniform() < 0.5 ? oneWay : theOther, { from, to, channels })
})
