import { describe, expect, it } from '@jest/globals'
import { l2Norm, makeLayout, PanalError, type Params } from '@panal/client-core'
import {
  addUpdate,
  aggregators,
  emptySum,
  resultOfSum,
  sumLength,
  type UpdateSum,
  type WeightedUpdate,
} from '@panal/server'
import {
  adversarialExecutor,
  attacks,
  completeExperiment,
  deviceIdOf,
  type AdversarialOptions,
  type Attack,
  type CohortUpdates,
  type CohortWork,
  type DeviceOutcome,
  type Executor,
  type Experiment,
  type Sight,
} from '@panal/simulations'
import { smallExperiment } from '../../../fixtures/small-experiment.ts'

const { signal } = new AbortController()
const layout = makeLayout([{ name: 'w', shape: [2] }])
const mean = aggregators.mean.make({}).linear!

/** Device d trains (d, 1), on 10 examples; refused by the server's checks where it is honest and its number is `refused`. */
function standIn({ sums, refused = -1 }: { readonly sums: boolean; readonly refused?: number }) {
  const works: CohortWork[] = []
  const executor: Executor = {
    numWorkers: 1,
    async run(work) {
      works.push(work)
      const sum = emptySum(sumLength(mean, 2))
      const each: WeightedUpdate[] = []
      const withheld = new Map<string, Params>()
      const kept = new Set<string>()
      const outcomes = work.devices.map((device): DeviceOutcome => {
        const number = Number(device.deviceId.slice(2))
        const delta = Float32Array.of(number, 1)
        const facts = { weight: 10, effectiveSteps: 1, norm: l2Norm(delta), lossBefore: 2 }
        const verdict = number === refused ? 'norm-too-large' : 'accepted'
        kept.add(device.deviceId)
        if (device.withheld) withheld.set(device.deviceId, delta)
        else if (verdict === 'accepted') {
          each.push({ deviceId: device.deviceId, delta, ...facts })
          addUpdate(sum, delta, mean.summand(facts))
        }
        const rest = { numExamples: 10, numSteps: 1, bytes: 8, lossAfter: 1 }
        return { deviceId: device.deviceId, verdict, ...facts, ...rest }
      })
      return { outcomes, updates: sums ? sum : each, kept, withheld, personal: new Set() }
    },
    evaluate: () => Promise.reject(new PanalError('internal')),
    close: async () => undefined,
  }
  return { executor, works }
}

const workOf = (round: number, ...devices: number[]): CohortWork => ({
  round,
  base: new Float32Array(2),
  devices: devices.map((device) => ({ deviceId: deviceIdOf(device), rows: Uint32Array.of(device), seed: `${device}` })),
})

interface Setting {
  readonly attack: Attack
  /** Numbers of devices. */
  readonly adversaries: readonly number[]
  readonly sums?: boolean
  readonly refused?: number
  readonly maxNorm?: number
  readonly serverOptimizer?: NonNullable<Experiment['strategy']>['serverOptimizer']
}
function open({ attack, adversaries, sums = false, refused = -1, maxNorm = 1e6, serverOptimizer }: Setting) {
  const inner = standIn({ sums, refused })
  const options: AdversarialOptions = {
    attack,
    isAdversary: (deviceId) => adversaries.map(deviceIdOf).includes(deviceId),
    task: completeExperiment(
      smallExperiment({
        strategy: { checks: [{ name: 'max-norm', maxNorm }], ...(serverOptimizer && { serverOptimizer }) },
      }),
    ),
    layout,
    numClasses: 3,
    ...(sums && { rule: mean }),
    seed: 'test',
  }
  return { executor: adversarialExecutor(inner.executor, options), works: inner.works }
}

/** An attack that sends (5, 5), and what its adversaries knew each time. */
function spy() {
  const seen: Sight[] = []
  const attack: Attack = {
    name: 'spy',
    seesHonest: true,
    forge(sight) {
      seen.push(sight)
      return sight.own.map(() => Float32Array.of(5, 5))
    },
  }
  return { attack, seen }
}

const each = (updates: CohortUpdates) =>
  Object.fromEntries(
    (updates as WeightedUpdate[]).map(({ deviceId, delta }) => [Number(deviceId.slice(2)), [...delta]]),
  )

describe('adversarialExecutor', () => {
  it('leaves honest devices alone, and sends what the attack makes for the others', async () => {
    const { executor, works } = open({ attack: attacks['sign-flip'].make({}), adversaries: [2] })
    const { updates, outcomes, withheld } = await executor.run(workOf(1, 1, 2, 3), signal)
    expect(each(updates)).toEqual({ 1: [1, 1], 2: [-2, -1], 3: [3, 1] })
    expect(outcomes.map(({ deviceId, verdict }) => [deviceId, verdict])).toEqual(
      [1, 2, 3].map((device) => [deviceIdOf(device), 'accepted']),
    )
    expect(withheld.size).toBe(0)
    expect(works[0]!.devices.map((device) => device.withheld)).toEqual([undefined, true, undefined])
  })

  it('adds to a sum as well', async () => {
    const { executor } = open({ attack: attacks.scaling.make({ factor: 7 }), adversaries: [2], sums: true })
    const { updates } = await executor.run(workOf(1, 1, 2, 3), signal)
    expect([...resultOfSum(mean, updates as UpdateSum)]).toEqual([6, 3]) // (1 + 14 + 3) / 3, (1 + 7 + 1) / 3
  })

  it('says that a sum is out of range as a worker does', async () => {
    const { executor } = open({
      attack: attacks.scaling.make({ factor: 1e9 }),
      adversaries: [2],
      sums: true,
      maxNorm: 1e30,
    })
    await expect(executor.run(workOf(1, 1, 2), signal)).rejects.toMatchObject({ code: 'out-of-range' })
  })

  it('puts what is sent, not what was trained, through the server’s checks', async () => {
    const scaled = open({ attack: attacks.scaling.make({}), adversaries: [2], maxNorm: 10 })
    const { updates, outcomes, kept } = await scaled.executor.run(workOf(1, 1, 2), signal)
    expect(each(updates)).toEqual({ 1: [1, 1] })
    expect(outcomes[1]).toMatchObject({ verdict: 'norm-too-large', norm: Math.hypot(200, 100), bytes: 8 })
    expect([...kept]).toEqual([deviceIdOf(1)]) // who is refused keeps nothing
    const small = open({ attack: spy().attack, adversaries: [9], refused: 9, maxNorm: 10 })
    expect(each((await small.executor.run(workOf(1, 1, 9), signal)).updates)).toEqual({ 1: [1, 1], 9: [5, 5] })
    const broken: Attack = { name: 'broken', forge: ({ own }) => own.map(() => Float32Array.of(NaN, 0)) }
    const refused = await open({ attack: broken, adversaries: [2] }).executor.run(workOf(1, 1, 2), signal)
    expect(refused.outcomes[1]!.verdict).toBe('non-finite')
  })

  it('tells adversaries of the honest updates that count, by device id, and of n and f', async () => {
    const { attack, seen } = spy()
    const { executor } = open({ attack, adversaries: [4, 2], refused: 3 })
    await executor.run(workOf(1, 5, 4, 3, 2, 1), signal)
    expect(seen).toHaveLength(1)
    expect(seen[0]!.own.map((update) => [...update])).toEqual([
      [2, 1],
      [4, 1],
    ])
    expect(seen[0]!.honest.map((update) => [...update])).toEqual([
      [1, 1],
      [5, 1],
    ])
    expect([seen[0]!.n, seen[0]!.f]).toEqual([4, 2])
  })

  it('tells them the learning rate that the server has in a round of so many updates', async () => {
    const { attack, seen } = spy()
    const scaled = { learningRate: 0.5, scaling: { rule: 'sqrt' as const, reference: 1 } }
    for (const serverOptimizer of [
      { name: 'sgd', ...scaled },
      { name: 'sgd', learningRate: 0.5 },
    ] as const) {
      const { executor } = open({ attack, adversaries: [2, 3], serverOptimizer })
      await executor.run(workOf(1, 1, 2, 3, 4), signal)
    }
    expect(seen.map(({ serverLearningRate }) => serverLearningRate)).toEqual([1, 0.5]) // 0.5 · √(4 / 1); 0.5
  })

  it('remembers the round where more devices are asked, and forgets it in the next', async () => {
    const { attack, seen } = spy()
    const { executor } = open({ attack, adversaries: [2, 6] })
    await executor.run(workOf(1, 1, 2, 3), signal)
    await executor.run(workOf(1, 5, 6), signal)
    await executor.run(workOf(2, 1, 2), signal)
    expect(seen.map(({ n, f, honest }) => [n, f, honest.length])).toEqual([
      [3, 1, 2],
      [5, 2, 3],
      [2, 1, 1],
    ])
    const draws = seen.map(({ rng }) => rng.uniform())
    expect(new Set(draws).size).toBe(3)
  })

  it('counts no adversary that was refused, and draws anew for those that are asked instead', async () => {
    const { attack, seen } = spy()
    const { executor } = open({ attack, adversaries: [2, 3], maxNorm: 5 }) // (5, 5) is longer, (1, 1) is not
    await executor.run(workOf(1, 1, 2), signal)
    await executor.run(workOf(1, 3), signal)
    expect(seen.map(({ n, f }) => [n, f])).toEqual([
      [2, 1],
      [2, 1],
    ])
    expect(seen[0]!.rng.uniform()).not.toBe(seen[1]!.rng.uniform())
  })

  it('gives adversaries that attack their data other labels, and sends what they train', async () => {
    const { executor, works } = open({ attack: attacks['label-flip'].make({}), adversaries: [2] })
    const { updates } = await executor.run(workOf(1, 1, 2), signal)
    expect(works[0]!.devices.map(({ labels, withheld }) => [labels, withheld])).toEqual([
      [undefined, undefined],
      [[2, 1, 0], undefined],
    ])
    expect(each(updates)).toEqual({ 1: [1, 1], 2: [2, 1] })
  })

  it('forges nothing where no adversary is asked', async () => {
    const { attack, seen } = spy()
    const { executor } = open({ attack, adversaries: [] })
    expect(each((await executor.run(workOf(1, 1), signal)).updates)).toEqual({ 1: [1, 1] })
    expect(seen).toEqual([])
  })
})
