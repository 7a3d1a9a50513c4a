/**
 * @jest-environment <rootDir>/test/native-environment.mjs
 */
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { makeRng, startSession, systemClock, type RoundSummary, type Session, type Trainer } from '@panal/client-core'
import {
  readDataDir,
  vectorEngines,
  type OpenEngine,
  type Rows,
  type StartParts,
  type TaskDocument,
} from '@panal/server'
import { nodeRuntime } from '@panal/simulations'
import { replayRound } from '../../../../server/src/round/replay.ts'
import { createTask, useLiveServer, type LiveServer } from '../../../fixtures/live-server.ts'
import { makeNullTrainer } from '../../../fixtures/null-trainer.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

const numDevices = 3
const numExamples = 10
const dataset = {
  numExamples,
  inputShape: [4, 4, 1],
  x: new Float32Array(numExamples * 16),
  y: new Int32Array(numExamples),
}
const clock = systemClock({ setTimeout, clearTimeout })

const sessions: Session[] = []
afterAll(() => Promise.all(sessions.map((session) => session.leave())))

/** A device that sends its index / 7 in every param. */
function device(live: LiveServer, index: number): Promise<void> {
  return new Promise((resolve) => {
    sessions.push(
      startSession({
        runtime: nodeRuntime({ server: live.url, rng: makeRng(`engines/${index}`) }),
        taskId: 'digits',
        data: dataset,
        makeTrainer: async (task): Promise<Trainer> => {
          const trainer = await makeNullTrainer(0)(task)
          return {
            ...trainer,
            async train(base, ...how) {
              const result = await trainer.train(base, ...how)
              return { ...result, delta: new Float32Array(base.length).fill(index / 7), numExamples }
            },
          }
        },
        onEvent: (event) => event.type === 'accepted' && resolve(),
      }),
    )
  })
}

type Rule = TaskDocument['strategy']['aggregator']

/** The rounds of a task with that rule, once there are so many closed ones; oldest first. */
async function run(live: LiveServer, max: number, aggregator: Rule = { name: 'median' }): Promise<RoundSummary[]> {
  const { strategy } = digitsLike()
  await createTask(live, {
    rounds: { minIntervalMs: 0, max },
    lease: { heartbeatMs: 2_000, leaseMs: 20_000 },
    strategy: { ...strategy, aggregator },
  })
  await Promise.all(Array.from({ length: numDevices }, (_, index) => device(live, index)))
  for (;;) {
    const response = await live.fetch('/v1/tasks/digits/rounds')
    const { rounds } = (await response.json()) as { rounds: RoundSummary[] }
    const closed = rounds.filter(({ phase }) => phase === 'closed')
    if (closed.length >= max) return closed.reverse()
    await clock.sleep(50)
  }
}

async function replay(live: LiveServer, roundNumber: number) {
  const reader = readDataDir(join(live.folder, 'data'))
  try {
    return await replayRound(await reader.task('digits'), roundNumber, { ...reader, clock })
  } finally {
    reader.close()
  }
}

// The model of the fixture has 51 params, of 4 bytes.
const bytes = numDevices * 51 * 4

describe('a live round of medians on a GPU, or the software that stands in for one', () => {
  const live = useLiveServer({ vectorEngine: 'webgpu' })

  it('closes, says which device it was, and replays to the same bytes there', async () => {
    const [round] = await run(live, 1)
    expect(round).toMatchObject({ phase: 'closed', candidateVersion: 1, aggregation: { engine: 'webgpu', bytes } })
    expect(round!.aggregation!.device).not.toBe('')
    expect(await replay(live, 1)).toMatchObject({ verdict: 'same' })
  }, 120_000)
})

describe('a live round of FedAvg where the operator has named the GPU', () => {
  const live = useLiveServer({ vectorEngine: 'webgpu' })

  it('is averaged there, and replays to the same bytes there', async () => {
    const [round] = await run(live, 1, { name: 'mean' })
    expect(round).toMatchObject({ phase: 'closed', candidateVersion: 1, aggregation: { engine: 'webgpu', bytes } })
    expect(await replay(live, 1)).toMatchObject({ verdict: 'same' })
  }, 120_000)
})

describe('a live round whose GPU is lost while it works', () => {
  let numOpened = 0
  /** The first device is destroyed once it has read a tile, as by a driver that is reset. */
  const webgpu: OpenEngine = async (options) => {
    const engine = await vectorEngines.webgpu(options)
    if (numOpened++ > 0) return engine
    const losing = (rows: Rows): Rows => ({
      ...rows,
      async read(...part) {
        await rows.read(...part)
        engine.close()
      },
    })
    return { ...engine, select: (rows, by, mix) => engine.select(losing(rows), by, mix) }
  }
  const parts: StartParts = { vectorEngines: { ...vectorEngines, webgpu } }
  const live = useLiveServer({ vectorEngine: 'webgpu', keptRounds: 2 }, parts)

  it('[R23] comes to a version all the same, whose replay is the same; the next is on the reopened device', async () => {
    const [first, second] = await run(live, 2)
    expect(first).toMatchObject({
      candidateVersion: 1,
      aggregation: { engine: 'wasm', lost: 'webgpu', bytes },
    })
    expect(second).toMatchObject({ candidateVersion: 2, aggregation: { engine: 'webgpu', bytes } })
    expect(await replay(live, 1)).toMatchObject({ verdict: 'same', version: 1 })
    expect(await replay(live, 2)).toMatchObject({ verdict: 'same', version: 2 })
    expect(numOpened).toBe(2)
  }, 120_000)
})
