import { beforeAll, describe, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import { addUpdate, aggregators, emptySum, newlyAsked, originOf, statusOf, sumLength } from '@panal/server'
import {
  openExperiment,
  parseExperiment,
  Simulation,
  startAt,
  type CohortWork,
  type DeviceOutcome,
  type Executor,
  type Experiment,
  type OpenExperiment,
} from '@panal/simulations'
import { smallExperiment } from '../../../fixtures/small-experiment.ts'

const { signal } = new AbortController()
const mean = aggregators.mean.make({}).linear!

/** Trains nothing: every delta is `step` in each param. Remembers whom it was given, run by run. */
function standIn({ size, verdictOf = () => 'accepted', step = 0.5 }: StandInOptions) {
  const runs: string[][] = []
  const executor: Executor = {
    numWorkers: 1,
    async run({ devices }: CohortWork) {
      runs.push(devices.map(({ deviceId }) => deviceId))
      const updates = emptySum(sumLength(mean, size))
      const outcomes = devices.map(({ deviceId, rows }): DeviceOutcome => {
        const verdict = verdictOf(deviceId)
        const figures = {
          numExamples: rows.length,
          numSteps: 1,
          effectiveSteps: 1,
          norm: 1,
          weight: rows.length,
          bytes: 268,
        }
        if (verdict === 'accepted') addUpdate(updates, new Float32Array(size).fill(step), mean.summand(figures))
        return { deviceId, verdict, ...figures, lossBefore: 2, lossAfter: 1 }
      })
      return { outcomes, updates, kept: new Set(), withheld: new Map(), personal: new Set() }
    },
    evaluate: async () => ({ numExamples: 120, accuracy: 0.5, logLoss: 1 }),
    close: async () => undefined,
  }
  return { executor, runs }
}
interface StandInOptions {
  readonly size: number
  readonly verdictOf?: (deviceId: string) => DeviceOutcome['verdict']
  readonly step?: number
}

async function open(changes: Partial<Experiment> = {}): Promise<OpenExperiment> {
  return openExperiment(parseExperiment(smallExperiment(changes)), { seed: 1, home: '.' })
}

function simulate(opened: OpenExperiment, executor: Executor): Simulation {
  const { initial, task, experiment } = opened
  const head = {
    version: 0,
    params: initial,
    optimizerState: task.strategy.optimizer.init(task.layout.size),
    lastRound: 0,
  }
  const state = { head, now: startAt, lastRounds: new Uint32Array(experiment.devices) }
  return new Simulation(opened, state, { executor, realClock: virtualClock() })
}

let plain: OpenExperiment
beforeAll(async () => {
  plain = await open()
})

describe('a simulated round', () => {
  it('is the server’s: the mean is added to the base, and the candidate is the next head', async () => {
    const { executor } = standIn({ size: plain.task.layout.size })
    const simulation = simulate(plain, executor)
    const { closed, metrics } = await simulation.nextRound(() => true, signal)
    expect(closed).toMatchObject({ number: 1, outcome: 'promoted', candidateVersion: 1, phase: 'closed' })
    expect(closed.participants).toHaveLength(5)
    expect(metrics).toEqual({ numExamples: 120, accuracy: 0.5, logLoss: 1 })
    const { head } = simulation.state
    expect(head).toMatchObject({ version: 1, lastRound: 1 })
    expect(head.params).toEqual(plain.initial.map((value) => Math.fround(value + 0.5)))
  })

  it('is tested where it is asked for only', async () => {
    const simulation = simulate(plain, standIn({ size: plain.task.layout.size }).executor)
    const tested: boolean[] = []
    for (let round = 1; round <= 3; round++)
      tested.push((await simulation.nextRound((number) => number === 2, signal)).metrics !== null)
    expect(tested).toEqual([false, true, false])
  })

  it('takes as long as its slowest needed device, in simulated time', async () => {
    // 30 examples at 1000 a second: 30 ms. 67 params are 268 bytes: 268 · 8 / 40 Mbit/s and / 10 Mbit/s round up to 1 ms each
    const { closed } = await simulate(plain, standIn({ size: 67 }).executor).nextRound(() => false, signal)
    expect(closed.closedAt - closed.openedAt).toBe(32)
  })

  it('trains only who can count: those that are asked beyond the goal come too late', async () => {
    const opened = await open({
      cohort: { size: 5, overSelection: 2 },
      profile: { speed: { name: 'lognormal', median: 100, sigma: 1 } },
    })
    const { executor, runs } = standIn({ size: 67 })
    const { closed, bytesDown, bytesUp } = await simulate(opened, executor).nextRound(() => false, signal)
    expect(closed.cohort).toHaveLength(10)
    expect(runs.map(({ length }) => length)).toEqual([5])
    expect([...runs[0]!].sort()).toEqual(closed.participants)
    expect(closed.statuses.counts).toMatchObject({ accepted: 5, asked: 5 })
    expect([bytesDown, bytesUp]).toEqual([2680, 1340]) // all ten download 268 bytes, five upload
  })

  it('waits for the next ones where updates are refused', async () => {
    const opened = await open({ cohort: { size: 5, overSelection: 2 } })
    // same speed for all: they report in the order of their ids
    const refused = new Set<string>()
    const { executor, runs } = standIn({
      size: 67,
      verdictOf(deviceId) {
        if (refused.size < 2) refused.add(deviceId)
        return refused.has(deviceId) ? 'norm-too-large' : 'accepted'
      },
    })
    const { closed } = await simulate(opened, executor).nextRound(() => false, signal)
    expect(runs.map(({ length }) => length)).toEqual([5, 2])
    expect(closed.statuses.counts).toMatchObject({ accepted: 5, rejected: 2, asked: 3 })
    expect(closed.outcome).toBe('promoted')
  })

  it('ends at the deadline with those who made it', async () => {
    // each needs 30 / speed s; the deadline is that of a device of the median speed
    const opened = await open({
      devices: 20,
      cohort: { size: 20, deadlineMs: 302, minimum: 1 },
      profile: { speed: { name: 'lognormal', median: 100, sigma: 1 } },
    })
    const { closed } = await simulate(opened, standIn({ size: 67 }).executor).nextRound(() => false, signal)
    const { accepted, asked } = closed.statuses.counts
    expect(accepted + asked).toBe(20)
    expect(accepted).toBeGreaterThan(0)
    expect(asked).toBeGreaterThan(0)
    expect(closed.collectedAt).toBe(startAt + 302)
  })

  it('is abandoned where too few are left, and the head stays', async () => {
    const opened = await open({
      cohort: { size: 5, minimum: 5 },
      profile: { dropout: { name: 'random', probability: 0.5 } },
    })
    const simulation = simulate(opened, standIn({ size: 67 }).executor)
    const { closed } = await simulation.nextRound(() => false, signal)
    expect(closed.statuses.counts.declined).toBeGreaterThan(0)
    expect(closed.outcome).toBe('abandoned')
    expect(simulation.state.head).toMatchObject({ version: 0, lastRound: 1 })
    expect((await simulation.nextRound(() => false, signal)).closed.number).toBe(2)
  })

  it('rejects a candidate that is not finite, and trains on from the head', async () => {
    const simulation = simulate(plain, standIn({ size: 67, step: NaN }).executor)
    const { closed, metrics } = await simulation.nextRound(() => true, signal)
    expect(closed).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('diverged') })
    expect(metrics).toBeNull()
    expect(simulation.state.head.params).toEqual(plain.initial)
  })

  it('waits in simulated time until enough devices are there, and gives up when they never are', async () => {
    const night = { availability: { name: 'diurnal' as const, peakHour: 12, spreadHours: 0, hours: 2 } }
    const opened = await open({ profile: night })
    const { closed } = await simulate(opened, standIn({ size: 67 }).executor).nextRound(() => false, signal)
    expect(closed.openedAt - startAt).toBe(11 * 3_600_000) // windows open at 11:00
    const apart = await open({
      cohort: { size: 20, minimum: 20 },
      profile: { availability: { name: 'diurnal', peakHour: 0, spreadHours: 12, hours: 0.1 } },
    })
    await expect(simulate(apart, standIn({ size: 67 }).executor).nextRound(() => false, signal)).rejects.toMatchObject({
      code: 'no-device',
    })
  })

  describe('that takes stale updates', () => {
    const asynchronous: Partial<Experiment> = {
      devices: 6,
      cohort: { size: 6, reportingGoal: 2, minimum: 1, maxStaleness: 3 },
      profile: { speed: { name: 'lognormal', median: 100, sigma: 1 } },
      strategy: { stalenessWeight: { name: 'constant' } },
    }

    it('[R25] lets who has not reported go on, from its own base, until the time that it was to report at', async () => {
      const opened = await open(asynchronous)
      const bases: Float32Array[] = []
      const { executor, runs } = standIn({ size: 67 })
      const run: Executor['run'] = (work, ...rest) => {
        bases.push(work.base.slice())
        return executor.run(work, ...rest)
      }
      const simulation = simulate(opened, { ...executor, run })
      const first = await simulation.nextRound(() => false, signal)
      expect(first.closed.statuses.counts).toMatchObject({ accepted: 2, asked: 4 })
      const second = await simulation.nextRound(() => false, signal)
      // all six are busy but the two that reported: they are asked again, and download the new base
      expect(second.closed.carried).toMatchObject([{ roundNumber: 1, baseVersion: 0 }])
      expect(second.closed.carried![0]!.deviceIds).toHaveLength(4)
      expect([first.bytesDown, second.bytesDown]).toEqual([6 * 268, 2 * 268])
      // each of the first round’s trips in the order of its end: nobody who began later is trained from the old base
      const stale = second.closed.carried![0]!.deviceIds.filter((id) => second.closed.participants.includes(id))
      expect(stale.length).toBeGreaterThan(0)
      const later = runs.slice(1).flatMap((ids, i) => ids.map((id) => [id, bases[i + 1]!] as const))
      for (const [id, base] of later)
        expect(base).toEqual(stale.includes(id) ? opened.initial : opened.initial.map((x) => Math.fround(x + 0.5)))
    })

    it('[R25] counts first who was done first between two rounds, whatever its id', async () => {
      const slow = { ...asynchronous, devices: 20, cohort: { size: 20, reportingGoal: 4, minimum: 1, maxStaleness: 3 } }
      // a day between two rounds: all 16 that the first does not wait for are done when the second opens
      const simulation = simulate(await open({ ...slow, intervalMs: 86_400_000 }), standIn({ size: 67 }).executor)
      const together = simulate(await open({ ...slow, cohort: { size: 20 } }), standIn({ size: 67 }).executor)
      const { outcomes } = await together.nextRound(() => false, signal)
      const byTime = outcomes.map(({ deviceId }) => deviceId)
      expect(byTime).toHaveLength(20)
      for (let round = 1; round <= 3; round++) {
        const { closed } = await simulation.nextRound(() => false, signal)
        expect(closed.participants).toEqual(byTime.slice(4 * (round - 1), 4 * round).sort())
      }
    })

    it('[R25] asks others for those that were lost, and keeps no base for them', async () => {
      const dropout = { name: 'random' as const, probability: 0.3 }
      const opened = await open({
        ...asynchronous,
        cohort: { ...asynchronous.cohort!, maxStaleness: 20 },
        profile: { ...asynchronous.profile, dropout },
      })
      const simulation = simulate(opened, standIn({ size: 67 }).executor)
      let [numWaiting, numLost] = [0, 0]
      for (let round = 1; round <= 45; round++) {
        const { closed } = await simulation.nextRound(() => false, signal)
        // all six are at work in every round: who was lost in the last one is asked anew in this one
        expect(closed.cohort).toHaveLength(6)
        expect(newlyAsked(closed)).toHaveLength(6 - numWaiting)
        numWaiting = closed.statuses.counts.asked
        numLost += closed.statuses.counts.declined
        const { bases } = simulation.state.head.earlier!
        const working = closed.cohort.filter((id) => statusOf(closed, id) === 'asked')
        const inUse = new Set(working.map((id) => originOf(closed, id)!.baseVersion))
        inUse.delete(simulation.state.head.version)
        expect([...bases.keys()].sort()).toEqual([...inUse].sort())
      }
      expect(numLost).toBeGreaterThan(0)
    })

    it('[R25] discounts what it counts late', async () => {
      const halved = { ...asynchronous, strategy: { stalenessWeight: { name: 'polynomial' as const, a: 1 } } }
      const discounts: (number | undefined)[] = []
      const { executor } = standIn({ size: 67 })
      const run: Executor['run'] = (work, ...rest) => {
        discounts.push(...work.devices.map(({ discount }) => discount))
        return executor.run(work, ...rest)
      }
      const simulation = simulate(await open(halved), { ...executor, run })
      for (let round = 1; round <= 2; round++) await simulation.nextRound(() => false, signal)
      expect(discounts.slice(0, 2)).toEqual([undefined, undefined])
      expect(new Set(discounts.slice(2))).toContain(0.5) // 1 / (1 + 1)
    })

    it('[R25] goes on from any state as if it had never stopped', async () => {
      const opened = await open({
        ...asynchronous,
        devices: 20,
        profile: { ...asynchronous.profile, dropout: { name: 'random', probability: 0.2 } },
      })
      const { executor } = standIn({ size: 67 })
      const whole = simulate(opened, executor)
      for (let round = 1; round <= 4; round++) await whole.nextRound(() => false, signal)
      const resumed = new Simulation(opened, structuredClone(whole.state), { executor, realClock: virtualClock() })
      for (let round = 5; round <= 7; round++) {
        const [a, b] = [await whole.nextRound(() => false, signal), await resumed.nextRound(() => false, signal)]
        expect(b.closed).toEqual(a.closed)
        expect(a.closed.carried!.length).toBeGreaterThan(1) // of several rounds
        expect(resumed.state).toEqual(whole.state)
      }
    })
  })

  it('goes on from any state as if it had never stopped', async () => {
    const changes: Partial<Experiment> = {
      strategy: {
        sampler: { name: 'least-recently-used' },
        serverOptimizer: { name: 'sgd', learningRate: 1, momentum: 0.9 },
      },
      profile: { speed: { name: 'lognormal', median: 100, sigma: 1 }, dropout: { name: 'random', probability: 0.2 } },
    }
    const opened = await open(changes)
    const { executor } = standIn({ size: 67 })
    const whole = simulate(opened, executor)
    for (let round = 1; round <= 3; round++) await whole.nextRound(() => false, signal)
    const kept = structuredClone(whole.state)
    const resumed = new Simulation(opened, kept, { executor, realClock: virtualClock() })
    const [a, b] = [await whole.nextRound(() => false, signal), await resumed.nextRound(() => false, signal)]
    expect(b.closed).toEqual(a.closed)
    expect(resumed.state).toEqual(whole.state)
  })
})
