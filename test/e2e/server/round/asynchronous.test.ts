import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import {
  makeRng,
  startSession,
  systemClock,
  type Params,
  type Session,
  type SessionEvent,
  type Trainer,
} from '@panal/client-core'
import { startServer, type RunningServer } from '@panal/server'
import { nodeRuntime } from '@panal/simulations'
import { callsTo, createTask, liveConfig } from '../../../fixtures/live-server.ts'
import { makeNullTrainer } from '../../../fixtures/null-trainer.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'
import { readDataDir } from '../../../../server/src/data-reader.ts'
import { replayRound } from '../../../../server/src/round/replay.ts'

const clock = systemClock({ setTimeout, clearTimeout })

const taskId = 'patient'
const numExamples = 10
const data = { numExamples, inputShape: [4, 4, 1], x: new Float32Array(160), y: new Int32Array(10) }

let folder: string
let server: RunningServer
const sessions: Session[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-asynchronous-'))
  server = await startServer(settings())
}, 60_000)
afterAll(async () => {
  await Promise.all(sessions.map((session) => session.leave()))
  await server.close()
  await rm(folder, { recursive: true })
}, 60_000)
const settings = (port = 0) => liveConfig({ data: join(folder, 'data'), port })

/** A device whose trainings end when the test says so, each with `step` in every param. */
class Patient {
  readonly events: SessionEvent[] = []
  readonly bases: Params[] = []
  readonly #step: number
  #permits = 0
  #permitted: () => void = () => undefined
  #waiting: { readonly wanted: (event: SessionEvent) => boolean; readonly resolve: () => void }[] = []

  constructor(name: string, step: number) {
    this.#step = step
    sessions.push(
      startSession({
        runtime: nodeRuntime({ server: server.url, rng: makeRng(name) }),
        taskId,
        data,
        makeTrainer: async (task) => this.#trainer(await makeNullTrainer(0)(task)),
        onEvent: (event) => {
          this.events.push(event)
          for (const { wanted, resolve } of this.#waiting) if (wanted(event)) resolve()
        },
      }),
    )
  }

  /** Lets one training end. */
  permit(): void {
    this.#permits += 1
    this.#permitted()
  }

  /** Resolves with the first event that is wanted, among those that came and those to come. */
  async event<Type extends SessionEvent['type']>(
    type: Type,
    isWanted: (event: Extract<SessionEvent, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<SessionEvent, { type: Type }>> {
    const wanted = (event: SessionEvent): event is Extract<SessionEvent, { type: Type }> =>
      event.type === type && isWanted(event as Extract<SessionEvent, { type: Type }>)
    if (!this.events.some(wanted)) await new Promise<void>((resolve) => this.#waiting.push({ wanted, resolve }))
    return this.events.find(wanted)!
  }

  training(roundNumber: number) {
    return this.event('state', ({ state }) => state.state === 'training' && state.roundNumber === roundNumber)
  }

  #trainer(trainer: Trainer): Trainer {
    return {
      ...trainer,
      train: async (base, plan, dataset, rng, signal) => {
        this.bases.push(base.slice())
        while (this.#permits === 0) {
          await new Promise<void>((resolve, reject) => {
            this.#permitted = resolve
            signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
          })
        }
        this.#permits -= 1
        const result = await trainer.train(base, plan, dataset, rng, signal)
        return { ...result, delta: new Float32Array(base.length).fill(this.#step), numExamples }
      },
    }
  }
}

it('[R9] [R19] [R25] a device that is slower than its round counts in the next, also after a restart, and is told to stop after that', async () => {
  await createTask(
    { ...server, ...callsTo(server), folder, enrol: callsTo(server).enrol },
    {
      id: taskId,
      cohort: { size: 4, overSelection: 1, reportingGoal: 2, minimum: 2, deadlineMs: 120_000, maxStaleness: 1 },
      lease: { heartbeatMs: 1_000, leaseMs: 30_000 },
      rounds: { minIntervalMs: 0 },
      plan: { ...digitsLike().plan, optimizer: { name: 'sgd' } },
    },
  )
  const [a, b, slow, never] = [1, 2, 8, 3].map((step, i) => new Patient(`device ${i}`, step / 1000)) as [
    Patient,
    Patient,
    Patient,
    Patient,
  ]
  await Promise.all([a, b, slow, never].map((each) => each.training(1)))
  for (const each of [a, b]) each.permit()
  await Promise.all([a, b].map((each) => each.training(2)))
  expect(slow.events.filter(({ type }) => type === 'withdrawn')).toEqual([])

  const { port } = new URL(server.url)
  await server.close()
  server = await startServer(settings(Number(port)))
  slow.permit()
  const { receipt } = await slow.event('accepted')
  expect(receipt).toMatchObject({ roundNumber: 1, countedRound: 2 })
  expect(slow.bases).toHaveLength(1) // it has not begun anew

  a.permit()
  expect((await a.event('accepted', ({ receipt: { roundNumber } }) => roundNumber === 2)).receipt).not.toHaveProperty(
    'countedRound',
  )
  expect(await never.event('withdrawn')).toMatchObject({ roundNumber: 1 })
  await slow.event('counted', ({ roundNumber }) => roundNumber === 1)

  // round 3 begins from it: 10 examples each, (1 + 2)/2, then (1 + 8/√2)/2
  await never.training(3)
  const [first, second] = [b.bases[0]!, never.bases[1]!]
  const moved = second.map((value, i) => value - first[i]!)
  for (const value of moved) expect(value).toBeCloseTo((1.5 + 0.5 + 4 / Math.SQRT2) / 1000, 6)

  const reader = readDataDir(join(folder, 'data'))
  try {
    expect(await replayRound(await reader.task(taskId), 2, { ...reader, clock })).toMatchObject({
      verdict: 'same',
      version: 2,
    })
  } finally {
    reader.close()
  }
}, 120_000)
