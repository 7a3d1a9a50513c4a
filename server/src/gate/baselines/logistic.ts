import { subset, type DataSchema, type Dataset } from '@panal/client-core'
import { fitLogistic, predictLogistic } from '../statistics/logistic-regression.ts'
import type { BaselinePredictions } from './baseline.ts'

/** Examples it is fitted to at most: the first in canonical order, which is as good as drawn by lot. */
const maxExamples = 20_000
/** Pixels a side at most; larger images are averaged down to it. */
const maxSide = 16

/** A logistic regression fitted to one set, answering another: the least that a model should be better than. */
export function answerByLogistic(
  training: Dataset,
  judged: Dataset,
  { data, ridge }: { readonly data: DataSchema; readonly ridge: number },
): BaselinePredictions {
  const numClasses = data.classes.length
  const few = training.numExamples <= maxExamples ? training : subset(training, [...Array(maxExamples).keys()])
  const fitted = featuresOf(few, data)
  const model = fitLogistic({ ...fitted, labels: few.y, numClasses }, { ridge })
  const probabilities = predictLogistic(model, featuresOf(judged, data).x)
  return { probabilities, labels: judged.y, numClasses, areProbabilities: true }
}

/** A table's encoded row; an image averaged over squares of pixels. */
function featuresOf({ x, numExamples }: Dataset, data: DataSchema): { x: Float32Array; numFeatures: number } {
  if (data.kind === 'table') return { x, numFeatures: x.length / Math.max(1, numExamples) }
  const { height, width, channels } = data
  const square = Math.ceil(Math.max(height, width) / maxSide)
  if (square === 1) return { x, numFeatures: height * width * channels }
  const [rows, columns] = [Math.ceil(height / square), Math.ceil(width / square)]
  const numFeatures = rows * columns * channels
  const features = new Float32Array(numExamples * numFeatures)
  const pixels = height * width * channels
  for (let i = 0; i < numExamples; i++)
    for (let p = 0; p < pixels; p++) {
      const channel = p % channels
      const [row, column] = [Math.floor(p / channels / width), Math.floor(p / channels) % width]
      const at = (Math.floor(row / square) * columns + Math.floor(column / square)) * channels + channel
      features[i * numFeatures + at]! += x[i * pixels + p]! / square ** 2
    }
  return { x: features, numFeatures }
}
