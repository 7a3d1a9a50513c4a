import '@tensorflow/tfjs-backend-cpu'
import { afterEach, describe, expect, it } from '@jest/globals'
import {
  initialParams,
  makePersonalisation,
  makeRng,
  modelTopology,
  tensorViews,
  tfjsTrainer,
  trainPersonal,
  type Dataset,
  type Params,
  type PersonalisationSpec,
  type Plan,
} from '@panal/client-core'
import { memory } from '@tensorflow/tfjs-core'
import { dataset, never, plan, points, separablePoints, tinyImages, barImages } from './tiny-tasks.ts'

const logistic = modelTopology({ builtin: 'mlp', hidden: [] }, points, 'binary-crossentropy')
const mlp = modelTopology({ builtin: 'mlp', hidden: [8] }, tinyImages, 'categorical-crossentropy')
const pointTrainer = () => tfjsTrainer(logistic, points, 'binary-crossentropy')

interface Asked {
  readonly shared: Params
  readonly own?: Params
  readonly plan?: Partial<Plan>
  readonly train: Dataset
  readonly heldOut?: Dataset
}

async function personalise(spec: PersonalisationSpec, asked: Asked, trainer = pointTrainer()) {
  const { shared, own, plan: changes, train, heldOut = null } = asked
  const training = {
    personalisation: makePersonalisation(spec),
    own,
    shared,
    plan: { ...plan, ...changes },
    train,
    heldOut,
    rng: makeRng(1),
    isMeasured: true,
  }
  const found = await trainPersonal(await trainer, training, never)
  if (found === undefined) throw new Error('diverged')
  return found
}

afterEach(() => {
  expect(memory().numTensors).toBe(0)
})

// tfjs-trainer.test.ts computes by hand what the gradient of this loss is at this point.
const pair = dataset([2], [1, 2, -1, 0.5], [1, 0])
const point = Float32Array.of(0.5, -0.25, 0.1)
const gradient = [-0.4233522, -0.3820999, -0.0516686]
const zero = new Float32Array(3)

describe('ditto (Li et al. 2021)', () => {
  it('a step is v − η·(∇F(v) + λ·(v − w)), computed by hand', async () => {
    const { params } = await personalise({ name: 'ditto', lambda: 2 }, { shared: zero, own: point, train: pair })
    // η = 0.1: 0.5 + 0.0423352 − 0.1, −0.25 + 0.0382100 + 0.05, 0.1 + 0.0051669 − 0.02
    const expected = [0.4423352, -0.16179, 0.0851669]
    expected.forEach((value, i) => expect(params[i]).toBeCloseTo(value, 6))
    expect(Array.from(zero)).toEqual([0, 0, 0])
  })

  it('begins at the shared model, whose pull then is none', async () => {
    const { params } = await personalise({ name: 'ditto', lambda: 50 }, { shared: point, train: pair })
    gradient.forEach((g, i) => expect(params[i]).toBeCloseTo(point[i]! - 0.1 * g, 6))
  })

  it('leaves out what is only for the update: its own pull, corrections, the bound on its length', async () => {
    const asked = { shared: zero, own: point, train: pair }
    const bound = { proximalTerm: 5, clipNorm: 1e-6, correction: { name: 'feddyn', alpha: 3 } } as const
    const spec = { name: 'ditto', lambda: 2 } as const
    expect(await personalise(spec, { ...asked, plan: bound })).toEqual(await personalise(spec, asked))
  })

  it('comes to rest where ∇F(v) = −λ·(v − w): nearer to w the larger λ is', async () => {
    const train = separablePoints(40, 3)
    const distances: number[] = []
    for (const lambda of [0.03, 0.3, 3]) {
      const spec = { name: 'ditto', lambda, epochs: 400 } as const
      const asked = { shared: point, train, plan: { batchSize: 40, learningRate: 0.5 } }
      const { params } = await personalise(spec, asked)
      distances.push(Math.hypot(...params.map((value, i) => value - point[i]!)))
      const after = await personalise({ ...spec, epochs: 1 }, { ...asked, own: params })
      after.params.forEach((value, i) => expect(value).toBeCloseTo(params[i]!, 4))
    }
    expect(distances[1]).toBeLessThan(0.6 * distances[0]!)
    expect(distances[2]).toBeLessThan(0.3 * distances[1]!)
  })
})

describe('fine-tuning', () => {
  it('a step is w − η·∇F(w), with a rate of its own, computed by hand', async () => {
    const { params } = await personalise(
      { name: 'fine-tuning', epochs: 1, learningRate: 0.5 },
      { shared: point, own: zero, train: pair },
    )
    gradient.forEach((g, i) => expect(params[i]).toBeCloseTo(point[i]! - 0.5 * g, 6))
  })

  it('of the last layer moves it as the step of all layers does, and nothing else', async () => {
    const trainer = await tfjsTrainer(mlp, tinyImages, 'categorical-crossentropy')
    const asked = { shared: await initialParams(mlp, 1), train: barImages(8, 1) }
    const all = await personalise({ name: 'fine-tuning', epochs: 1 }, asked, Promise.resolve(trainer))
    const last = await personalise({ name: 'fine-tuning', epochs: 1, layers: 'last' }, asked, Promise.resolve(trainer))
    const [before, whole, head] = [asked.shared, all.params, last.params].map((each) =>
      tensorViews(each, trainer.layout),
    )
    expect(head!.slice(0, 2)).toEqual(before!.slice(0, 2)) // the hidden layer: kernel and bias
    expect(head!.slice(2)).toEqual(whole!.slice(2)) // one step: the gradients are of the same point
    expect(whole![0]).not.toEqual(before![0])
  })

  it('measures both models on what is held out', async () => {
    const { metrics, params } = await personalise(
      { name: 'fine-tuning', epochs: 30, learningRate: 1 },
      { shared: zero, train: separablePoints(40, 3), heldOut: separablePoints(30, 4) },
    )
    const trainer = await pointTrainer()
    expect(metrics).toEqual({
      shared: await trainer.evaluate(zero, separablePoints(30, 4)),
      personal: await trainer.evaluate(params, separablePoints(30, 4)),
    })
    expect(metrics!.shared.logLoss).toBeCloseTo(Math.LN2, 6) // of weights 0
    expect(metrics!.personal.accuracy).toBeGreaterThan(0.9)
  })
})

it('a model that has diverged is none', async () => {
  const training = {
    personalisation: makePersonalisation({ name: 'ditto', lambda: 1e30 }),
    own: point,
    shared: zero,
    plan: { ...plan, epochs: 3 },
    train: pair,
    heldOut: pair,
    rng: makeRng(1),
    isMeasured: true,
  }
  expect(await trainPersonal(await pointTrainer(), training, never)).toBeUndefined()
})
