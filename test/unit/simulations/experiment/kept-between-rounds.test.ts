import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { virtualClock, type GateReport } from '@panal/client-core'
import { advance, openRound, type AggregatingRound, type WeightedUpdate } from '@panal/server'
import {
  deviceOf,
  openExperiment,
  parseExperiment,
  Simulation,
  startAt,
  type DeviceOutcome,
  type Executor,
  type Experiment,
} from '@panal/simulations'
import { KeptVectors } from '../../../../simulations/src/experiment/kept-vectors.ts'
import { MemoryRegistry } from '../../../../simulations/src/experiment/memory-registry.ts'
import { smallExperiment } from '../../../fixtures/small-experiment.ts'

const { signal } = new AbortController()
const size = 67
type Strategy = NonNullable<Experiment['strategy']>

/** What all devices of each round in turn send in each param; null: they are refused. */
function sending(steps: readonly (number | null)[]): Executor {
  let round = -1
  return {
    numWorkers: 1,
    async run({ devices }) {
      const step = steps[(round += 1)] ?? null
      const outcomes = devices.map(({ deviceId, rows }): DeviceOutcome => ({
        deviceId,
        verdict: step === null ? 'norm-too-large' : 'accepted',
        numExamples: rows.length,
        numSteps: 1,
        effectiveSteps: 1,
        norm: (step ?? 0) * Math.sqrt(size),
        weight: 1,
        bytes: 268,
        lossBefore: 2,
        lossAfter: 1,
      }))
      const updates = outcomes
        .filter(() => step !== null)
        .map((outcome): WeightedUpdate => ({ ...outcome, delta: new Float32Array(size).fill(step ?? 0) }))
      return { outcomes, updates, kept: new Set(), withheld: new Map(), personal: new Set() }
    },
    evaluate: async () => ({ numExamples: 120, accuracy: 0.5, logLoss: 1 }),
    close: async () => undefined,
  }
}

async function simulate(
  changes: Partial<Experiment>,
  parts: Omit<ConstructorParameters<typeof Simulation>[2], 'realClock'>,
): Promise<Simulation> {
  const opened = await openExperiment(parseExperiment(smallExperiment(changes)), { seed: 1, home: '.' })
  const { initial, task, experiment } = opened
  const optimizerState = task.strategy.optimizer.init(size)
  const head = { version: 0, params: initial, optimizerState, lastRound: 0 }
  const state = { head, now: startAt, lastRounds: new Uint32Array(experiment.devices) }
  return new Simulation(opened, state, { ...parts, realClock: virtualClock() })
}

/** First param of the head after each round, less the one before. */
async function stepsOf(strategy: Strategy, steps: readonly (number | null)[]): Promise<number[]> {
  const simulation = await simulate({ strategy }, { executor: sending(steps) })
  const moved: number[] = []
  for (let round = 0; round < steps.length; round++) {
    const before = simulation.state.head.params[0]!
    await simulation.nextRound(() => false, signal)
    moved.push(simulation.state.head.params[0]! - before)
  }
  return moved
}

function expectNear(found: readonly number[], wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length)
  for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 4)
}

it('a rule goes on from the aggregate that made the head, whatever came of the rounds between', async () => {
  // 8 in each of 67 params is 65.5 away: each round comes τ nearer, which is 1 in each param
  const aggregator = { name: 'centred-clipping', tau: Math.sqrt(size), steps: 1 } as const
  // 1, 2; then nothing counts, then no rule can use what does: neither moves the head nor what is kept with it. Then 3
  expectNear(await stepsOf({ aggregator }, [8, 8, null, Infinity, 8]), [1, 2, 0, 0, 3])
})

it('clip counts norms of the rounds that made the head, as many as its window says', async () => {
  const strategy: Strategy = { preAggregators: [{ name: 'clip', window: 2 }], aggregator: { name: 'mean' } }
  // 1 five times; with five of 3 the median is 2; nothing; with five of 3 the median of 3 and 9 is 6
  expectNear(await stepsOf(strategy, [1, 3, null, 9]), [1, 2, 0, 6])
})

it('a candidate that is not sound leaves all of the head as it was', async () => {
  const { task } = await openExperiment(parseExperiment(smallExperiment()), { seed: 1, home: '.' })
  const strategy = { ...task.strategy, aggregator: { ...task.strategy.aggregator, numEarlierRounds: 2 } }
  const vector = (value: number) => new Float32Array(size).fill(value)
  const head = {
    version: 3,
    params: vector(1),
    optimizerState: vector(2),
    aggregate: vector(3),
    norms: [[4], [5]],
    lastRound: 7,
  }
  const registry = new MemoryRegistry(head, { ...task, strategy })
  const plan = { taskId: task.id, number: 8, baseVersion: 3, baseSha256: '', planHash: task.planHash }
  const opened = openRound({ ...plan, reportingGoal: 1, minimum: 1, openedAt: 0, deadlineAt: 9, cohort: ['d_1'] })
  const round = advance(opened, { type: 'accepted', deviceId: 'd_1', at: 1 }) as AggregatingRound
  const propose = () => {
    registry.collected([6])
    return registry.propose(round, { params: vector(7), optimizerState: vector(8), aggregate: vector(9) })
  }
  const report = (sound: boolean) => ({ sound, reason: 'said the test' }) as GateReport
  await registry.conclude(await propose(), report(false))
  expect(registry.head).toEqual({ ...head, lastRound: 8 })
  await registry.conclude(await propose(), report(true))
  expect(registry.head).toEqual({
    version: 4,
    params: vector(7),
    optimizerState: vector(8),
    aggregate: vector(9),
    norms: [[6], [4]],
    lastRound: 8,
  })
})

it('who is refused, and who trained for a round that made no version, has what it had before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'panal-kept-'))
  try {
    const corrections = await KeptVectors.open(folder, 'corrections', 0)
    const executor = sending([1, 1, null, 1])
    /** All leave a file. Of the second round those with an even number are refused, as an adversary's forged update is. */
    const run: Executor['run'] = async (work, ...rest) => {
      for (const { kept } of work.devices) await writeFile(kept!.after, '')
      const found = await executor.run(work, ...rest)
      const counts = (deviceId: string) => deviceOf(deviceId) % 2 === 1 || work.round !== 2
      const accepted = found.outcomes.filter(({ verdict }) => verdict === 'accepted').map(({ deviceId }) => deviceId)
      return { ...found, kept: new Set(accepted.filter(counts)) }
    }
    const cohort = { size: 20 } // all of them in every round
    const simulation = await simulate({ cohort }, { executor: { ...executor, run }, corrections })
    const left: string[][] = []
    const outcomes: string[] = []
    for (let round = 1; round <= 4; round++) {
      const { closed } = await simulation.nextRound(() => false, signal)
      outcomes.push(closed.outcome)
      left.push(await readdir(join(folder, 'corrections')))
    }
    // files are of the version that a round trains from: the third makes none, and the fourth trains from the same
    expect(outcomes).toEqual(['promoted', 'promoted', 'abandoned', 'promoted'])
    const every = Array.from({ length: 20 }, (_, device) => device)
    const [even, odd] = [0, 1].map((rest) => every.filter((device) => device % 2 === rest)) as [number[], number[]]
    const filesOf = (devices: readonly number[], version: number) => devices.map((device) => `${device}-${version}`)
    const afterTwo = [...filesOf(every, 0), ...filesOf(odd, 1)]
    expect(left.map((names) => names.sort())).toEqual(
      [
        filesOf(every, 0),
        afterTwo,
        afterTwo,
        // two of each: of those that were refused, the first
        [...filesOf(every, 2), ...filesOf(odd, 1), ...filesOf(even, 0)],
      ].map((names) => names.sort()),
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})
