import type { Dataset, Plan } from '@panal/client-core'

/**
 * Full-batch training of logistic regression (params [w…, b]) in float64, written down from the definitions:
 * the yardstick for the trainer. Answers local − base and the loss before each epoch.
 */
export function trainLogistic(
  base: readonly number[],
  plan: Plan,
  data: Dataset,
): { delta: number[]; losses: number[] } {
  const width = data.x.length / data.numExamples
  const w = [...base]
  const velocity = w.map(() => 0)
  const [first, second] = [w.map(() => 0), w.map(() => 0)]
  const losses: number[] = []
  for (let epoch = 0; epoch < plan.epochs; epoch++) {
    const gradient = w.map((value, i) => (plan.proximalTerm ?? 0) * (value - base[i]!))
    let loss = 0
    data.y.forEach((label, row) => {
      const features = [...data.x.subarray(row * width, (row + 1) * width), 1]
      const z = features.reduce((sum, value, i) => sum + value * w[i]!, 0)
      const p = 1 / (1 + Math.exp(-z))
      loss -= Math.log(label === 1 ? p : 1 - p) / data.numExamples
      features.forEach((value, i) => (gradient[i]! += ((p - label) * value) / data.numExamples))
    })
    losses.push(loss)
    gradient.forEach((g, i) => {
      if (plan.optimizer.name === 'adam') {
        // Kingma and Ba 2015, arXiv:1412.6980, Algorithm 1, with tfjs's ε = 1e-7.
        first[i] = 0.9 * first[i]! + 0.1 * g
        second[i] = 0.999 * second[i]! + 0.001 * g * g
        const [m, v] = [first[i] / (1 - 0.9 ** (epoch + 1)), second[i] / (1 - 0.999 ** (epoch + 1))]
        // Loshchilov and Hutter 2019, arXiv:1711.05101, Algorithm 2, its decay times the learning rate.
        const decay = (plan.optimizer.weightDecay ?? 0) * w[i]!
        w[i]! -= plan.learningRate * (m / (Math.sqrt(v) + 1e-7) + decay)
      } else {
        velocity[i] = (plan.optimizer.momentum ?? 0) * velocity[i]! + g
        w[i]! -= plan.learningRate * velocity[i]
      }
    })
  }
  return { delta: w.map((value, i) => value - base[i]!), losses }
}
