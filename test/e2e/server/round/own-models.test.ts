import '@tensorflow/tfjs-backend-cpu'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  makeRng,
  readPersonalModel,
  startSession,
  tfjsTrainer,
  uniformInt,
  type Channel,
  type Dataset,
  type DeviceRuntime,
  type PersonalModel,
  type Plan,
  type SessionEvent,
  type TaskCard,
  type Trainer,
  type UploadRequest,
} from '@panal/client-core'
import { startServer } from '@panal/server'
import { nodeRuntime } from '@panal/simulations'
import { setBackend } from '@tensorflow/tfjs-core'
import { holdoutSalt, splitHeldOut } from '../../../../client-core/src/train/held-out.ts'
import { memoryStorage } from '../../../fixtures/device-bench.ts'
import { weightsOf } from '../../../fixtures/kill/promises.ts'
import { callsTo, createTask, liveConfig } from '../../../fixtures/live-server.ts'
import { testDevice, type TestDevice } from '../../../fixtures/test-device.ts'

const taskId = 'own-models'
const numRounds = 2
const numClasses = 3
const plan: Plan = { epochs: 2, batchSize: 8, learningRate: 0.1, optimizer: { name: 'sgd' }, codec: 'f32' }
const holdout = 0.5
type Spec = NonNullable<Plan['personalisation']>

let folder: string
let owners: readonly TestDevice[]
beforeAll(async () => {
  await setBackend('cpu')
  folder = await mkdtemp(join(tmpdir(), 'panal-own-models-'))
  owners = await Promise.all([0, 1, 2].map((index) => testDevice(`owner ${index}`)))
})
afterAll(() => rm(folder, { recursive: true }))

/** A bright column of four, which each device takes for another class: no shared model is right for two of them. */
function examplesOf(index: number): Dataset {
  const rng = makeRng(`columns of ${index}`)
  const numExamples = 60
  const columns = Int32Array.from({ length: numExamples }, () => uniformInt(rng, numClasses))
  const x = Float32Array.from({ length: numExamples * 16 }, (_, at) => {
    const isBright = at % 4 === columns[Math.floor(at / 16)]
    return isBright ? 1 : 0.3 * rng.uniform()
  })
  return { numExamples, inputShape: [4, 4, 1], x, y: columns.map((column) => (column + index) % numClasses) }
}

/** What a device trains on for the round where it holds out the rest. */
const trainedOn = (index: number): Dataset =>
  splitHeldOut(
    examplesOf(index),
    { personalisation: { name: 'ditto', lambda: 0, holdout } },
    holdoutSalt(taskId, owners[index]!.deviceId),
  ).train

/** What one device did, and all that it sent. */
interface Watched {
  readonly events: readonly SessionEvent[]
  readonly uploads: readonly UploadRequest[]
  readonly messages: readonly unknown[]
  /** Where its trainings began, in their order. */
  readonly bases: readonly Float32Array[]
  readonly kept: PersonalModel | undefined
}

/** Two rounds of three devices on a server of their own; what it made of them. */
async function run(
  examples: (index: number) => Dataset,
  personalisation?: Spec,
): Promise<{ readonly weights: readonly string[]; readonly devices: readonly Watched[] }> {
  const data = await mkdtemp(join(folder, 'data-'))
  const server = await startServer(liveConfig({ data }))
  const devices = owners.map((owner, index) => new Device(server.url, owner, examples(index)))
  try {
    await createTask(
      { ...server, ...callsTo(server), folder: data },
      {
        id: taskId,
        plan: personalisation === undefined ? plan : { ...plan, personalisation },
        cohort: { size: 3, overSelection: 1, reportingGoal: 3, minimum: 3, deadlineMs: 120_000 },
        lease: { heartbeatMs: 1_000, leaseMs: 60_000 },
        rounds: { minIntervalMs: 100, max: numRounds },
      },
    )
    const [first, ...others] = devices as [Device, ...Device[]]
    for (const device of devices) device.start()
    for (let number = 1; number <= numRounds; number++) {
      // No round opens without the first, which waits until the others have trained their own models to the end.
      await first.event('accepted', ({ receipt }) => receipt.roundNumber === number)
      if (personalisation !== undefined)
        for (const each of others) await each.event('personalised', ({ roundNumber }) => roundNumber === number)
      first.session.resume()
    }
    await first.event('round', ({ round }) => round.number === numRounds && round.phase === 'closed')
    const watched = await Promise.all(devices.map((device) => device.watched()))
    await Promise.all(devices.map(({ session }) => session.leave()))
    return { weights: await weightsOf(data, taskId), devices: watched }
  } finally {
    await server.close()
  }
}

class Device {
  readonly #events: SessionEvent[] = []
  readonly #uploads: UploadRequest[] = []
  readonly #messages: unknown[] = []
  readonly #bases: Float32Array[] = []
  readonly #storage = memoryStorage()
  readonly #options: readonly [url: string, owner: TestDevice, data: Dataset]
  #waiting: (() => void)[] = []
  #trainer: Trainer | undefined
  #session: ReturnType<typeof startSession> | undefined

  constructor(...options: readonly [url: string, owner: TestDevice, data: Dataset]) {
    this.#options = options
  }

  get session() {
    return this.#session!
  }

  start(): void {
    const [server, { keys }, data] = this.#options
    const rng = makeRng('any')
    this.#session = startSession({
      runtime: this.#overheard(nodeRuntime({ server, rng, keys, storage: this.#storage })),
      taskId,
      data,
      makeTrainer: async (card) => (this.#trainer = await this.#watching(card)),
      onEvent: (event) => {
        this.#events.push(event)
        if (event.type === 'accepted' && keys === owners[0]!.keys) this.#session!.pause()
        for (const wake of this.#waiting.splice(0)) wake()
      },
    })
  }

  /** Resolves with the first event that is wanted, among those that came and those to come. */
  async event<Type extends SessionEvent['type']>(
    type: Type,
    isWanted: (event: Extract<SessionEvent, { type: Type }>) => boolean,
  ): Promise<void> {
    const wanted = (event: SessionEvent) =>
      event.type === type && isWanted(event as Extract<SessionEvent, { type: Type }>)
    while (!this.#events.some(wanted)) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async watched(): Promise<Watched> {
    return {
      events: this.#events,
      uploads: this.#uploads,
      messages: this.#messages,
      bases: this.#bases,
      kept: await readPersonalModel(this.#storage, taskId, this.#trainer!.layout),
    }
  }

  async #watching({ topology, data, loss }: TaskCard): Promise<Trainer> {
    const trainer = await tfjsTrainer(topology, data, loss)
    return {
      ...trainer,
      train: (base, ...rest) => {
        this.#bases.push(base.slice())
        return trainer.train(base, ...rest)
      },
    }
  }

  /** The two ways out of a device: bulk transfer and the control connection. */
  #overheard(runtime: DeviceRuntime): DeviceRuntime {
    const { transfer } = runtime
    const sends = (channel: Channel): Channel => ({
      get connected() {
        return channel.connected
      },
      get challenge() {
        return channel.challenge
      },
      request: (name, message, signal) => {
        this.#messages.push(message)
        return channel.request(name, message, signal)
      },
      on: (name, listener) => channel.on(name, listener),
      onLink: (listener) => channel.onLink(listener),
      close: () => channel.close(),
    })
    return {
      ...runtime,
      transfer: {
        enrol: (request, signal) => {
          this.#messages.push(request)
          return transfer.enrol(request, signal)
        },
        serverKeys: (signal) => transfer.serverKeys(signal),
        useNonce: (nonce) => transfer.useNonce(nonce),
        download: (...asked) => transfer.download(...asked),
        upload: (request, ...rest) => {
          this.#uploads.push(request)
          return transfer.upload(request, ...rest)
        },
      },
      connect: async (signal) => sends(await runtime.connect(signal)),
    }
  }
}

/** All of an upload but how long its training took. */
const lasting = ({ bytes, header: { trainMs: _, ...header }, ...rest }: UploadRequest) => ({
  ...rest,
  ...header,
  bytes: [...bytes],
})

/** How deep arrays are buried in it does not matter: a control message has none, so no weights travel there. */
const hasArray = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (Array.isArray(value) || ArrayBuffer.isView(value) || Object.values(value).some(hasArray))

describe('devices with models of their own, against the real server', () => {
  let without: Awaited<ReturnType<typeof run>>
  beforeAll(async () => {
    without = await run(trainedOn)
  }, 60_000)

  it.each<[Spec, beginsAt: 'its own model' | 'the shared model']>([
    [{ name: 'ditto', lambda: 0.1, epochs: 10, holdout }, 'its own model'],
    [{ name: 'fine-tuning', epochs: 10, learningRate: 0.5, holdout }, 'the shared model'],
  ])(
    '%j: nothing of it leaves, rounds are as without it, and it is right where the shared model is not',
    async (spec, beginsAt) => {
      const { weights, devices } = await run(examplesOf, spec)
      expect(weights).toHaveLength(numRounds + 1)
      expect(weights).toEqual(without.weights)
      devices.forEach(({ uploads, messages }, index) => {
        // each update once, the very bytes of a device that never had more than what this one trains on
        expect(uploads).toHaveLength(numRounds)
        expect(uploads.map(lasting)).toEqual(without.devices[index]!.uploads.map(lasting))
        expect(messages.length).toBeGreaterThan(0)
        expect(messages.filter(hasArray)).toEqual([])
      })
      for (const { events, bases, kept } of devices.slice(1)) {
        const told = events.filter((event) => event.type === 'personalised')
        expect(told.map(({ roundNumber, outcome }) => [roundNumber, outcome])).toEqual([
          [1, 'kept'],
          [2, 'kept'],
        ])
        for (const { metrics } of told) {
          expect(metrics!.personal.numExamples).toBeGreaterThan(0)
          expect(metrics!.personal.accuracy).toBeGreaterThan(metrics!.shared.accuracy)
        }
        expect(kept).toMatchObject({ roundNumber: numRounds, version: numRounds - 1, metrics: told[1]!.metrics })
        // of each round: first the shared model's training, then the own one's
        const [shared, own, sharedNext, ownNext] = bases as [Float32Array, Float32Array, Float32Array, Float32Array]
        expect(own).toEqual(shared)
        expect(sharedNext).not.toEqual(shared)
        expect(isEqual(ownNext, sharedNext)).toBe(beginsAt === 'the shared model')
      }
    },
    60_000,
  )
})

const isEqual = (a: Float32Array, b: Float32Array): boolean => a.every((value, i) => value === b[i])
