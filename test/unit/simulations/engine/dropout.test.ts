/** @jest-environment <rootDir>/test/native-environment.mjs */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { makeRng, type Plan } from '@panal/client-core'
import { compiledTrainer } from '../../../../simulations/src/engine/compiled-trainer.ts'
import {
  conv,
  dense,
  expectAlike,
  flatten,
  image,
  layer,
  onImages,
  sequential,
  useTfjs,
  type Tried,
} from './as-tfjs.ts'

beforeAll(useTfjs)

const dropout = (rate: number, seed: number | null = null) => layer('Dropout', { rate, noise_shape: null, seed })

describe('dropout with a seed loses the same values as tfjs', () => {
  it.each<[string, Tried]>([
    ['of features', onImages([4, 4, 1], [flatten, dense(9, 'relu'), dropout(0.4, 7)])],
    ['of images', onImages([5, 5, 2], [conv(3, 2), dropout(0.25, 3), flatten])],
    ['of images whose channels lie in blocks', onImages([4, 4, 1], [conv(16, 2), dropout(0.25, 3), flatten])],
    ['of sequences', onImages([4, 3, 1], [layer('Reshape', { target_shape: [4, 3] }), dropout(0.5, 11), flatten])],
    ['twice', onImages([4, 4, 1], [flatten, dropout(0.3, 5), dense(9, 'relu'), dropout(0.3, 5)])],
    [
      'in batches larger than the data',
      { ...onImages([4, 4, 1], [flatten, dropout(0.3, 5)]), plan: { batchSize: 1000 } },
    ],
    ['at a rate of 0', onImages([4, 4, 1], [flatten, dropout(0), dense(5, 'relu')])],
  ])('%s', (_, tried) => expectAlike(tried))
})

describe('dropout without a seed', () => {
  const numInputs = 400
  const numExamples = 250
  const rate = 0.3
  const shape = [20, 20, 1] as const
  const schema = image(...shape)
  const topology = sequential([flatten, dropout(rate), dense(3, 'softmax', { use_bias: false })], shape)
  const plan: Plan = { epochs: 1, batchSize: 25, learningRate: 1, optimizer: { name: 'sgd' }, codec: 'f32' }
  const data = {
    numExamples,
    inputShape: shape,
    x: new Float32Array(numExamples * numInputs).fill(1),
    y: new Int32Array(numExamples),
  }
  const deltaOf = async (seed: string, changes: Partial<Plan> = {}): Promise<Float32Array> => {
    const trainer = await compiledTrainer(topology, schema, 'categorical-crossentropy')
    const base = new Float32Array(numInputs * 3)
    const { signal } = new AbortController()
    const { delta } = await trainer.train(base, { ...plan, ...changes }, data, makeRng(seed), signal)
    trainer.dispose()
    return delta
  }

  it('is chance of the round: the same rng gives the same bytes, another gives others', async () => {
    const [one, again, other] = [await deltaOf('a'), await deltaOf('a'), await deltaOf('b')]
    expect(again).toEqual(one)
    expect(other).not.toEqual(one)
  })

  it('loses each value at its rate, each example and step anew, and makes up for it', async () => {
    // One step from zero weights: each class has 1/3, all examples are of class 0, so its logit's gradient is −2/3 / n for each.
    // The delta of input i and class 0 is 2/3 · k_i / (n · 0.7), where k_i ~ Binomial(250, 0.7) examples kept it.
    const delta = await deltaOf('c', { batchSize: numExamples })
    const kept = Array.from({ length: numInputs }, (_, i) => delta[3 * i]! * 1.5 * 0.7 * numExamples)
    for (const count of kept) expect(count).toBeCloseTo(Math.round(count), 2)
    // Mean of 100,000 draws: σ = √(0.7 · 0.3 / 100,000) = 0.00145. Within 4 σ but for 1 in 16,000 seeds.
    const mean = kept.reduce((sum, count) => sum + count, 0) / numInputs / numExamples
    expect(Math.abs(mean - 0.7)).toBeLessThan(0.0058)
    // Variance of 400 counts: 52.5, its σ 52.5 · √(2 / 399) = 3.7. Masks that repeat from example to example would give 13,125.
    const variance = kept.reduce((sum, count) => sum + (count - mean * numExamples) ** 2, 0) / (numInputs - 1)
    expect(Math.abs(variance - 52.5)).toBeLessThan(15)
  })

  it('loses nothing in predictions', async () => {
    const trainer = await compiledTrainer(topology, schema, 'categorical-crossentropy')
    const params = Float32Array.from({ length: numInputs * 3 }, (_, i) => (i % 3 === 0 ? 0.01 : 0))
    const answers = await trainer.predict(params, data)
    trainer.dispose()
    // Logits 400 · 0.01 = 4, 0 and 0: e⁴ / (e⁴ + 2).
    expect(answers[0]).toBeCloseTo(Math.exp(4) / (Math.exp(4) + 2), 5)
  })
})
