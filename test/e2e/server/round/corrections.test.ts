import { afterAll, describe, expect, it } from '@jest/globals'
import {
  makeRng,
  startSession,
  stepsOfRound,
  type Plan,
  type Session,
  type SessionEvent,
  type Trainer,
  type TrainOptions,
} from '@panal/client-core'
import { nodeRuntime } from '@panal/simulations'
import { createTask, useLiveServer } from '../../../fixtures/live-server.ts'
import { makeNullTrainer } from '../../../fixtures/null-trainer.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

const live = useLiveServer()
const numRounds = 3
const steps = [0.001, 0.002, 0.006]
const meanStep = 0.003
const numExamples = 10
const dataset = {
  numExamples,
  inputShape: [4, 4, 1],
  x: new Float32Array(numExamples * 16),
  y: new Int32Array(numExamples),
}

const sessions: Session[] = []
afterAll(() => Promise.all(sessions.map((session) => session.leave())))

/** A device that sends `step` in every param, whatever it is corrected by, and what that was, round by round. */
function device(
  index: number,
  taskId: string,
): { readonly corrections: TrainOptions['correction'][]; done: Promise<SessionEvent[]> } {
  const corrections: TrainOptions['correction'][] = []
  const events: SessionEvent[] = []
  const done = new Promise<SessionEvent[]>((resolve) => {
    sessions.push(
      startSession({
        runtime: nodeRuntime({ server: live.url, rng: makeRng(`corrected/${taskId}/${index}`) }),
        taskId,
        data: dataset,
        makeTrainer: async (task): Promise<Trainer> => {
          const trainer = await makeNullTrainer(0)(task)
          return {
            ...trainer,
            async train(base, plan, data, rng, signal, options) {
              corrections.push(options?.correction)
              const result = await trainer.train(base, plan, data, rng, signal)
              const numSteps = stepsOfRound(plan, numExamples)
              return { ...result, delta: new Float32Array(base.length).fill(steps[index]!), numExamples, numSteps }
            },
          }
        },
        onEvent(event) {
          events.push(event)
          if (event.type === 'accepted' && event.receipt.roundNumber === numRounds) resolve(events)
        },
      }),
    )
  })
  return { corrections, done }
}

const { plan, strategy } = digitsLike()
const plain: Plan = { ...plan, optimizer: { name: 'sgd' }, epochs: 2, batchSize: 5, learningRate: 0.25 }
const numSteps = 4
const rounds = { minIntervalMs: 0, max: numRounds }
const lease = { heartbeatMs: 2_000, leaseMs: 20_000 }

async function run(id: string, changes: Parameters<typeof createTask>[1]) {
  await createTask(live, { id, lease, rounds, ...changes })
  const devices = steps.map((_, index) => device(index, id))
  for (const { done } of devices)
    expect((await done).filter(({ type }) => ['refused', 'failed', 'withdrawn'].includes(type))).toEqual([])
  return devices.map(({ corrections }) => corrections)
}

describe('devices that correct their gradients, against the real server', () => {
  it('scaffold: by the server’s vector, which comes with the base, less their own, which they keep', async () => {
    const corrections = await run('scaffold', {
      plan: { ...plain, correction: { name: 'scaffold' } },
      strategy: {
        ...strategy,
        weight: 'uniform',
        aggregator: { name: 'scaffold' },
        serverOptimizer: { name: 'scaffold', learningRate: 1, devices: 3 },
      },
    })
    // After each round c = −mean/K, and cᵢ ← cᵢ − c − dᵢ/K: in round r they differ by (r − 1)·(dᵢ − mean)/K.
    steps.forEach((step, i) => {
      expect(corrections[i]).toHaveLength(numRounds)
      corrections[i]!.forEach((correction, round) => {
        const expected = (round * (step - meanStep)) / numSteps / plain.learningRate
        expect(correction?.proximalTerm).toBe(0)
        expect(correction?.offset).toHaveLength(51)
        correction?.offset.forEach((value) => expect(value).toBeCloseTo(expected, 6))
      })
    })
  }, 60_000)

  it('feddyn: by what they keep, and a pull back to the base', async () => {
    const alpha = 0.5
    const corrections = await run('feddyn', {
      plan: { ...plain, correction: { name: 'feddyn', alpha } },
      strategy: { ...strategy, weight: 'uniform', serverOptimizer: { name: 'feddyn', alpha, devices: 3 } },
    })
    steps.forEach((step, i) =>
      corrections[i]!.forEach((correction, round) => {
        expect(correction?.proximalTerm).toBe(alpha)
        correction?.offset.forEach((value) => expect(value).toBeCloseTo(round * alpha * step, 6)) // −hᵢ
      }),
    )
  }, 60_000)
})

it.each<[string, Partial<Parameters<typeof digitsLike>[0]>, string]>([
  [
    'a correction without its server',
    { plan: { ...plain, correction: { name: 'scaffold' } } },
    '/strategy/serverOptimizer/name',
  ],
  [
    'a server without the correction',
    { plan: plain, strategy: { ...strategy, aggregator: { name: 'scaffold' } } },
    '/strategy/aggregator/name',
  ],
  [
    'another alpha on either side',
    {
      plan: { ...plain, correction: { name: 'feddyn', alpha: 1 } },
      strategy: { ...strategy, serverOptimizer: { name: 'feddyn', alpha: 2, devices: 3 } },
    },
    '/strategy/serverOptimizer/alpha',
  ],
])('refuses %s', async (_, changes, path) => {
  await expect(createTask(live, { id: 'half', ...changes })).rejects.toThrow(path)
})
