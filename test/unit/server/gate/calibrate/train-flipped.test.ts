import { beforeAll, describe, expect, it } from '@jest/globals'
import { makeRng, ok, refuse, tfjsTrainer, type Dataset, type Params } from '@panal/client-core'
import { trainFlipped, type FlippedParts } from '../../../../../server/src/gate/calibrate/train-flipped.ts'
import { makeTask } from '../../../../../server/src/registry/make-task.ts'
import type { Task } from '../../../../../server/src/registry/task.ts'
import { chooseBackend } from '../../../../../server/src/gate/tfjs-backend.ts'
import type { UpdateCheck } from '../../../../../server/src/strategy/strategy.ts'
import { digitsLike } from '../../../../fixtures/task-document.ts'

/** 400 images of 4 × 4, of three classes by which of the first three pixels is bright. */
const rng = makeRng('flipped')
const y = Int32Array.from({ length: 400 }, (_, i) => i % 3)
const x = Float32Array.from({ length: 400 * 16 }, (_, i) =>
  i % 16 === y[Math.floor(i / 16)] ? 1 : 0.2 * rng.uniform(),
)
const dataset: Dataset = { numExamples: 400, inputShape: [4, 4, 1], x, y }
const { signal } = new AbortController()

async function train(task: Task, of = dataset, beside: Pick<FlippedParts, 'root' | 'previous'> = {}) {
  const base = new Float32Array(task.layout.size)
  const optimizerState = task.strategy.optimizer.init(task.layout.size)
  return trainFlipped({ task, base, optimizerState, dataset: of, signal, ...beside })
}
const lossOf = async (task: Task, params: Params): Promise<number> => {
  const trainer = await tfjsTrainer(task.topology, task.document.data, task.document.loss)
  return (await trainer.evaluate(params, dataset)).logLoss
}

describe('a round in which one client has wrong labels', () => {
  let task: Task
  beforeAll(async () => {
    await chooseBackend()
    task = await makeTask(digitsLike())
  })
  it('is trained by all ten, and is worse the more of them are wrong', async () => {
    const [none, half, all] = await train(task)
    expect([none?.share, half?.share, all?.share]).toEqual([0, 0.5, 1])
    const losses = [await lossOf(task, none!.params), await lossOf(task, half!.params), await lossOf(task, all!.params)]
    // Zero weights answer a third each: ln 3.
    expect(losses[0]).toBeLessThan(Math.log(3))
    expect(losses[1]).toBeGreaterThan(losses[0]!)
    expect(losses[2]).toBeGreaterThan(losses[1]!)
    expect(none?.refused).toBeUndefined()
  }, 30_000)
  it('is the same each time', async () => {
    expect(await train(task)).toEqual(await train(task))
  }, 30_000)
  it('goes without an update that the task’s own checks refuse', async () => {
    // 399 examples: the last of ten has 39, the others 40.
    const fewer = { ...dataset, numExamples: 399, x: x.subarray(0, 399 * 16), y: y.subarray(0, 399) }
    const forty: UpdateCheck = {
      name: 'forty',
      check: (update) => (update.numExamples < 40 ? refuse('weight-out-of-range') : ok),
    }
    const careful = { ...task, strategy: { ...task.strategy, checks: [forty] } }
    const [none, , all] = await train(careful, fewer)
    expect([none?.refused, all?.refused]).toEqual(['weight-out-of-range', 'weight-out-of-range'])
    expect(all?.params).toEqual(none?.params)
  }, 30_000)
  it('goes by the root set where the rule does: who learns the opposite of it counts for nothing', async () => {
    const { strategy, sets } = digitsLike()
    const ruled = { strategy: { ...strategy, aggregator: { name: 'fltrust' } as const }, sets }
    const trusting = await makeTask(digitsLike({ ...ruled, sets: { ...sets, root: '4'.repeat(64) } }))
    const [none, , all] = await train(trusting, dataset, { root: dataset })
    const [plain, , flipped] = await train(task)
    const lost = (await lossOf(task, all!.params)) - (await lossOf(task, none!.params))
    expect(lost).toBeLessThan(((await lossOf(task, flipped!.params)) - (await lossOf(task, plain!.params))) / 2)
    await expect(train(trusting)).rejects.toThrow('nobody who trains the root set')
  }, 60_000)
  it('goes on from where the last round came to, where the rule does', async () => {
    const { strategy } = digitsLike()
    const aggregator = { name: 'centred-clipping', tau: 1e-3, steps: 1 } as const
    const serverOptimizer = { name: 'sgd', learningRate: 1 } as const
    const going = await makeTask(digitsLike({ strategy: { ...strategy, aggregator, serverOptimizer } }))
    const previous = new Float32Array(going.layout.size).fill(1)
    const [none] = await train(going, dataset, { previous })
    // from zero weights to no further than τ from there
    expect(Math.hypot(...none!.params.map((x) => x - 1))).toBeLessThan(1.01e-3)
  }, 30_000)
})
