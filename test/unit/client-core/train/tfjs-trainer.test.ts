import '@tensorflow/tfjs-backend-cpu'
import { afterEach, describe, expect, it } from '@jest/globals'
import {
  initialParams,
  l2Norm,
  layoutOf,
  makeRng,
  modelTopology,
  openModel,
  PanalError,
  tensorViews,
  tfjsTrainer,
  type Clock,
  type Dataset,
  type Plan,
  type TrainOptions,
} from '@panal/client-core'
import { memory } from '@tensorflow/tfjs-core'
import { trainLogistic } from './logistic-reference.ts'
import { barImages, dataset, never, plan, points, separablePoints, tinyImages } from './tiny-tasks.ts'

const logistic = modelTopology({ builtin: 'mlp', hidden: [] }, points, 'binary-crossentropy')
const mlp = modelTopology({ builtin: 'mlp', hidden: [8] }, tinyImages, 'categorical-crossentropy')
const imageTrainer = () => tfjsTrainer(mlp, tinyImages, 'categorical-crossentropy')
const pointTrainer = () => tfjsTrainer(logistic, points, 'binary-crossentropy')

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
  } catch (error) {
    if (error instanceof PanalError) return error.code
    throw error
  }
  return 'accepted'
}

/** A signal that aborts when it is asked for the (n + 1)th time: an abort at any moment that training looks. */
function abortsAtLook(n: number): AbortSignal {
  const controller = new AbortController()
  const signal = controller.signal
  let looks = 0
  const look = () => {
    if (looks++ >= n && !signal.aborted) controller.abort(new Error('enough'))
  }
  return new Proxy(signal, {
    get(target, key) {
      if (key === 'aborted' || key === 'throwIfAborted') look()
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

afterEach(() => {
  expect(memory().numTensors).toBe(0)
})

describe('train', () => {
  it('delta is local − base: one SGD step computed by hand', async () => {
    const base = Float32Array.of(0.5, -0.25, 0.1)
    const data = dataset([2], [1, 2, -1, 0.5], [1, 0])
    const trainer = await pointTrainer()
    const result = await trainer.train(base, plan, data, makeRng(1), never)
    // z = 0.5 − 0.5 + 0.1 = 0.1 and −0.5 − 0.125 + 0.1 = −0.525; σ(z) = 0.5249792 and 0.3716836
    // (σ − y) / 2 = −0.2375104 and 0.1858418; the gradient is Σ of that × (x, 1) = (−0.4233522, −0.3820999, −0.0516686)
    const expected = [0.04233522, 0.03820999, 0.00516686]
    expected.forEach((value, i) => expect(result.delta[i]).toBeCloseTo(value, 7))
    // −(ln 0.5249792 + ln(1 − 0.3716836)) / 2
    expect(result.lossBefore).toBeCloseTo(0.554555, 5)
    expect(result).toMatchObject({ numExamples: 2, numSteps: 1, lossAfter: result.lossBefore })
    expect(Array.from(base)).toEqual([0.5, -0.25, 0.1].map(Math.fround))
  })

  const data = separablePoints(40, 3)
  const fullBatch: Plan = { ...plan, epochs: 12, batchSize: 40 }
  it.each<[string, Plan]>([
    ['sgd', fullBatch],
    ['sgd with momentum', { ...fullBatch, optimizer: { name: 'sgd', momentum: 0.9 } }],
    ['adam', { ...fullBatch, optimizer: { name: 'adam' }, learningRate: 0.05 }],
    ['adam with weight decay', { ...fullBatch, optimizer: { name: 'adam', weightDecay: 0.5 }, learningRate: 0.05 }],
    ['sgd with a proximal term', { ...fullBatch, proximalTerm: 3 }],
    ['adam with a proximal term', { ...fullBatch, optimizer: { name: 'adam' }, proximalTerm: 0.5 }],
  ])('%s: twelve steps as the definition has them', async (_name, own) => {
    const base = [0.3, -0.8, 0.2].map(Math.fround)
    const trainer = await pointTrainer()
    const result = await trainer.train(Float32Array.from(base), own, data, makeRng(1), never)
    const { delta, losses } = trainLogistic(base, own, data)
    delta.forEach((value, i) => expect(result.delta[i]).toBeCloseTo(value, 5))
    expect(result.lossBefore).toBeCloseTo(losses[0]!, 5)
    expect(result.lossAfter).toBeCloseTo(losses[11]!, 5)
  })

  it('adds what it is to correct by to every gradient, and draws back to the base', async () => {
    const base = [0.3, -0.8, 0.2].map(Math.fround)
    const trainer = await pointTrainer()
    const offset = Float32Array.of(0.5, -1, 2)
    const run = (own: Plan, correction?: TrainOptions['correction']) =>
      trainer.train(Float32Array.from(base), own, data, makeRng(1), never, correction && { correction })
    // one step: learning rate × offset apart
    const once = { ...fullBatch, epochs: 1 }
    const [plain, moved] = [await run(once), await run(once, { offset, proximalTerm: 0 })]
    offset.forEach((value, i) => expect(moved.delta[i]).toBeCloseTo(plain.delta[i]! - once.learningRate * value, 6))
    expect(moved.lossBefore).toBe(plain.lossBefore)
    // twelve steps: its pull and the plan's are one
    const pulled = await run({ ...fullBatch, proximalTerm: 1 }, { offset: new Float32Array(3), proximalTerm: 2 })
    expect(pulled.delta).toEqual((await run({ ...fullBatch, proximalTerm: 3 })).delta)
  })

  it('the proximal term keeps the delta small', async () => {
    const trainer = await imageTrainer()
    const base = await initialParams(mlp, 1)
    const norms: number[] = []
    for (const proximalTerm of [0, 0.3, 3]) {
      const own = { ...plan, epochs: 5, proximalTerm }
      norms.push(l2Norm((await trainer.train(base, own, barImages(60, 2), makeRng(1), never)).delta))
    }
    expect(norms[1]!).toBeLessThan(0.9 * norms[0]!)
    expect(norms[2]!).toBeLessThan(0.5 * norms[1]!)
  })

  it('learns: tiny images and points, on examples it has not seen', async () => {
    const images = await imageTrainer()
    const base = await initialParams(mlp, 1)
    const { delta, lossBefore, lossAfter } = await images.train(
      base,
      { ...plan, epochs: 20, learningRate: 0.2 },
      barImages(90, 1),
      makeRng(1),
      never,
    )
    expect(lossAfter).toBeLessThan(0.3 * lossBefore)
    const local = base.map((value, i) => value + delta[i]!)
    expect((await images.evaluate(local, barImages(90, 2))).accuracy).toBe(1)
    const line = await pointTrainer()
    const learnt = await line.train(
      new Float32Array(3),
      { ...plan, epochs: 30, learningRate: 1 },
      data,
      makeRng(1),
      never,
    )
    expect((await line.evaluate(learnt.delta, separablePoints(200, 9))).accuracy).toBeGreaterThan(0.95)
  })

  it('the same seed gives the same bytes; another seed, another order', async () => {
    const trainer = await imageTrainer()
    const base = await initialParams(mlp, 1)
    const run = async (seed: number) =>
      (await trainer.train(base, { ...plan, epochs: 2 }, barImages(50, 2), makeRng(seed), never)).delta
    const first = await run(5)
    expect(await run(5)).toEqual(first)
    expect(await run(6)).not.toEqual(first)
  })

  it('draws for Dropout without a seed from the round’s rng, anew at each step', async () => {
    const drop = (config: object) => ({ class_name: 'Dropout', config: { name: 'drop', rate: 0.5, ...config } })
    const topology = (config: object) => {
      const hidden = { name: 'hidden', units: 64, batch_input_shape: [null, 2] }
      const output = { class_name: 'Dense', config: { name: 'output', units: 1, activation: 'sigmoid' } }
      const layers = [{ class_name: 'Dense', config: hidden }, drop(config), output]
      return { class_name: 'Sequential', config: { name: 'own', layers } }
    }
    const run = async (seed: number, config = {}) => {
      const trainer = await tfjsTrainer(topology(config), points, 'binary-crossentropy')
      const base = await initialParams(topology(config), 4)
      const oneBatch = { ...plan, batchSize: 40, epochs: 2 } // whatever the seed, the order of examples is nothing to it
      return (await trainer.train(base, oneBatch, separablePoints(40, 3), makeRng(seed), never)).delta
    }
    const first = await run(5)
    expect(await run(5)).toEqual(first)
    const apart = (a: Float32Array, b: Float32Array) => l2Norm(a.map((value, i) => value - b[i]!))
    expect(apart(await run(6), first)).toBeGreaterThan(0.01)
    expect(await run(5, { seed: 7 })).not.toEqual(first)
  })

  it('two rounds at once on one thread do not disturb each other', async () => {
    const trainer = await imageTrainer()
    const base = await initialParams(mlp, 1)
    const run = (seed: number) => trainer.train(base, { ...plan, epochs: 6 }, barImages(50, seed), makeRng(seed), never)
    const alone = [await run(1), await run(2)]
    expect(await Promise.all([run(1), run(2)])).toEqual(alone)
  })

  it('clips the delta to the plan’s clip norm', async () => {
    const trainer = await imageTrainer()
    const base = await initialParams(mlp, 1)
    const run = (own: Plan) => trainer.train(base, own, barImages(50, 2), makeRng(1), never)
    const free = (await run(plan)).delta
    const clipped = (await run({ ...plan, clipNorm: 0.01 })).delta
    expect(l2Norm(clipped)).toBeCloseTo(0.01, 8)
    const scale = 0.01 / l2Norm(free)
    clipped.forEach((value, i) => expect(value).toBeCloseTo(free[i]! * scale, 7))
    expect((await run({ ...plan, clipNorm: 100 })).delta).toEqual(free)
  })

  it('uses at most maxExamples, and says so; the last batch may be smaller', async () => {
    const trainer = await imageTrainer()
    const base = await initialParams(mlp, 1)
    const run = (maxExamples: number) =>
      trainer.train(base, { ...plan, epochs: 3, maxExamples }, barImages(50, 2), makeRng(1), never)
    expect(await run(20)).toMatchObject({ numExamples: 20, numSteps: 9 }) // 8 + 8 + 4, three times
    expect(await run(50)).toMatchObject({ numExamples: 50, numSteps: 21 })
    expect(await run(1000)).toMatchObject({ numExamples: 50, numSteps: 21 })
  })

  it('reports progress that grows to 1', async () => {
    const trainer = await imageTrainer()
    const base = await initialParams(mlp, 1)
    const seen: [number, number][] = []
    const own = { ...plan, epochs: 8 }
    const result = await trainer.train(base, own, barImages(50, 2), makeRng(1), never, {
      onProgress: (f, loss) => seen.push([f, loss]),
    })
    const fractions = seen.map(([fraction]) => fraction)
    expect(fractions.length).toBeGreaterThan(2)
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    expect(fractions.at(-1)).toBe(1)
    expect(seen.every(([, loss]) => loss > 0)).toBe(true)
    expect(seen[0]![1]).toBeLessThanOrEqual(result.lossBefore * 1.2)
  })

  it('keeps training where probabilities would have been rounded to 0 and 1', async () => {
    const trainer = await pointTrainer()
    // z = ±300: float32 σ is exactly 1 or 0, and its logarithm −Infinity.
    const wrong = dataset([2], [1, 0, -1, 0], [0, 1])
    const result = await trainer.train(Float32Array.of(300, 0, 0), plan, wrong, makeRng(1), never)
    expect(result.lossBefore).toBeCloseTo(300, 3)
    expect(result.delta[0]).toBeCloseTo(-0.1, 4) // −0.1 · mean((σ − y)·x) = −0.1 · 1; float32 near 300 has steps of 3e-5
  })

  it('a base with NaN gives a delta with NaN for the checks to refuse, not an error', async () => {
    const trainer = await pointTrainer()
    const { delta } = await trainer.train(Float32Array.of(NaN, 0, 0), plan, data, makeRng(1), never)
    expect(delta[0]).toBeNaN()
  })

  it('obeys regularisers, frozen layers and batch statistics of a topology of one’s own', async () => {
    const dense = (name: string, units: number, more: object) => ({
      class_name: 'Dense',
      config: { name, units, use_bias: false, ...more },
    })
    const topology = {
      class_name: 'Sequential',
      config: {
        name: 'own',
        layers: [
          dense('frozen', 3, { batch_input_shape: [null, 2], trainable: false }),
          { class_name: 'BatchNormalization', config: { name: 'norm', momentum: 0.5 } },
          dense('idle', 4, {
            activation: 'relu',
            kernel_regularizer: { class_name: 'L1L2', config: { l1: 0, l2: 0.5 } },
          }),
          dense('output', 1, { activation: 'sigmoid' }),
        ],
      },
    }
    const opened = await openModel(topology)
    const layout = layoutOf(opened)
    opened.dispose()
    const trainer = await tfjsTrainer(topology, points, 'binary-crossentropy')
    const base = await initialParams(topology, 4)
    const named = (params: Float32Array) =>
      Object.fromEntries(tensorViews(params, layout).map((values, i) => [layout.tensors[i]!.name, values]))
    named(base)['output/kernel']!.fill(0) // no gradient reaches `idle`: what moves it is its regulariser alone
    const delta = named((await trainer.train(base, { ...plan, batchSize: 40 }, data, makeRng(1), never)).delta)
    expect(Array.from(delta['frozen/kernel']!)).toEqual([0, 0, 0, 0, 0, 0])
    // d/dw of 0.5·w² is w; one step moves by −0.1·w.
    delta['idle/kernel']!.forEach((value, i) => expect(value).toBeCloseTo(-0.1 * named(base)['idle/kernel']![i]!, 6))
    expect(delta['norm/moving_mean']!.every((value) => value !== 0)).toBe(true)
  })

  it.each<[string, Dataset]>([
    ['no examples', dataset([2], [], [])],
    ['examples of another shape', dataset([3], [1, 2, 3], [0])],
    ['too few values', dataset([2], [1], [0])],
    ['a label that is no class', dataset([2], [1, 2], [2])],
    ['a negative label', dataset([2], [1, 2], [-1])],
  ])('refuses %s', async (_name, wrong) => {
    const trainer = await pointTrainer()
    const base = new Float32Array(3)
    expect(await codeOf(trainer.train(base, plan, wrong, makeRng(1), never))).toBe('invalid-dataset')
    expect(await codeOf(trainer.evaluate(base, wrong))).toBe('invalid-dataset')
  })

  it('treats params of another length as a bug', async () => {
    const trainer = await pointTrainer()
    await expect(trainer.train(new Float32Array(4), plan, data, makeRng(1), never)).rejects.toThrow(RangeError)
  })
})

describe('abort', () => {
  const own: Plan = { ...plan, epochs: 3, optimizer: { name: 'adam' }, proximalTerm: 0.1 }

  it('at any moment that training looks: the signal’s reason, and no tensor left', async () => {
    const trainer = await imageTrainer()
    const base = await initialParams(mlp, 1)
    const run = (signal: AbortSignal) => trainer.train(base, own, barImages(30, 2), makeRng(1), signal)
    let numAborted = 0
    for (let look = 0; ; look++) {
      const outcome = await run(abortsAtLook(look)).then(
        () => 'finished' as const,
        (error: unknown) => error,
      )
      expect(memory().numTensors).toBe(0)
      if (outcome === 'finished') break
      expect(outcome).toEqual(new Error('enough'))
      numAborted++
    }
    expect(numAborted).toBeGreaterThanOrEqual(12) // once a step of 3 epochs × 4 batches, at least
  })

  it('from a progress report: within one step', async () => {
    const trainer = await imageTrainer()
    const base = await initialParams(mlp, 1)
    const controller = new AbortController()
    const fractions: number[] = []
    const work = trainer.train(base, { ...own, epochs: 20 }, barImages(30, 2), makeRng(1), controller.signal, {
      onProgress(f) {
        fractions.push(f)
        controller.abort(new Error('enough'))
      },
    })
    await expect(work).rejects.toThrow('enough')
    expect(fractions).toHaveLength(1)
  })

  it('a failing progress report leaves no tensor either', async () => {
    const trainer = await imageTrainer()
    const base = await initialParams(mlp, 1)
    const work = trainer.train(base, own, barImages(30, 2), makeRng(1), never, {
      onProgress() {
        throw new Error('the page is gone')
      },
    })
    await expect(work).rejects.toThrow('the page is gone')
  })

  it('while the thread is handed back', async () => {
    let nowMs = 0
    let sleeps = 0
    const controller = new AbortController()
    const clock: Clock = {
      now: () => (nowMs += 30), // every step seems to take 30 ms or more
      sleep: (_ms, signal) => {
        if (++sleeps === 2) controller.abort(new Error('enough'))
        return signal?.aborted === true ? Promise.reject(signal.reason as Error) : Promise.resolve()
      },
    }
    const trainer = await tfjsTrainer(mlp, tinyImages, 'categorical-crossentropy', { clock })
    const base = await initialParams(mlp, 1)
    const work = trainer.train(base, own, barImages(30, 2), makeRng(1), controller.signal)
    await expect(work).rejects.toThrow('enough')
    expect(sleeps).toBe(2)
  })

  it('of an evaluation', async () => {
    const trainer = await imageTrainer()
    const base = await initialParams(mlp, 1)
    for (const look of [0, 1])
      await expect(trainer.evaluate(base, barImages(30, 2), abortsAtLook(look))).rejects.toThrow('enough')
  })
})

describe('evaluate and predict', () => {
  it('a sigmoid p becomes (1 − p, p)', async () => {
    const trainer = await pointTrainer()
    const probabilities = await trainer.predict(Float32Array.of(1, 0, 0), dataset([2], [0, 5, Math.log(3), 0], [0, 0]))
    // σ(0) = 1/2, σ(ln 3) = 3/4
    ;[0.5, 0.5, 0.25, 0.75].forEach((p, i) => expect(probabilities[i]).toBeCloseTo(p, 6))
  })

  it('accuracy and log loss of answers computed by hand; a certain wrong answer costs −ln 1e-7', async () => {
    const trainer = await pointTrainer()
    const data = dataset([2], [Math.log(3), 0, Math.log(3), 0, 400, 0], [1, 0, 0])
    const metrics = await trainer.evaluate(Float32Array.of(1, 0, 0), data)
    expect(metrics.numExamples).toBe(3)
    expect(metrics.accuracy).toBeCloseTo(1 / 3, 12)
    expect(metrics.logLoss).toBeCloseTo(-(Math.log(0.75) + Math.log(0.25) + Math.log(1e-7)) / 3, 5)
  })

  it('answers rows that sum to 1, one for each example, over several batches', async () => {
    const trainer = await imageTrainer()
    const base = await initialParams(mlp, 1)
    // 2^18 values a batch are 16,384 of these images: this is two batches.
    const data = barImages(16_388, 2)
    const probabilities = await trainer.predict(base, data)
    expect(probabilities.length).toBe(3 * 16_388)
    const last = await trainer.predict(base, { ...data, numExamples: 4, x: data.x.slice(-64), y: data.y.slice(-4) })
    expect(probabilities.slice(-12)).toEqual(last)
    expect(last[0]! + last[1]! + last[2]!).toBeCloseTo(1, 6)
  })
})
