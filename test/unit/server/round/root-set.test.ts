import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { PanalError, virtualClock } from '@panal/client-core'
import { Spool, VectorError, vectorEngines, type OpenEngine, type RootRequest, type RootTrainer } from '@panal/server'
import { replayWithout } from '../../../../server/src/round/replay-without.ts'
import { replayRound } from '../../../../server/src/round/replay.ts'
import { DamagedBlobError } from '../../../../server/src/store/blob-files.ts'
import { Engines } from '../../../../server/src/vector/engines.ts'
import { losableEngine } from '../../../fixtures/failing-engines.ts'
import { RoundsBench, type Device } from '../../../fixtures/rounds.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

let bench: RoundsBench
let devices: Device[]
let asked: RootRequest[]

/** Learns one way only. */
const trains = (delta: readonly number[], backend: string): RootTrainer => ({
  train: async (request: RootRequest) => {
    asked.push(request)
    return { delta: Float32Array.from(delta), backend }
  },
})
const rootTrainer = trains([0, 2, 0, 0], 'TensorFlow.js on wasm')

const gone = new PanalError('not-found', 'there is no blob of this digest')
const failing = (cause: Error): RootTrainer => ({ train: () => Promise.reject(cause) })

/** Of the device that works first: operations until it is lost. */
let lastsFor: number
const missing: OpenEngine = () => Promise.reject(new VectorError('no-device', 'not here'))
const open = { wasm: vectorEngines.wasm, webgpu: async () => losableEngine(lastsFor), tfjs: missing }

const root = '4'.repeat(64)
beforeEach(async () => {
  asked = []
  lastsFor = Infinity
  const engines = new Engines({ setting: 'webgpu', clock: virtualClock(), tell: () => undefined, open })
  const { strategy, sets } = digitsLike()
  bench = await RoundsBench.open(
    {
      rounds: { minIntervalMs: 1_000 },
      strategy: { ...strategy, aggregator: { name: 'fltrust' }, serverOptimizer: { name: 'sgd', learningRate: 1 } },
      sets: { ...sets, root },
    },
    { rootTrainer, engines },
  )
  const opened = bench.until((round) => round.phase === 'collecting')
  devices = ['a', 'b', 'c'].map((name) => bench.join(name))
  await opened
})
afterEach(() => bench.remove())

const portsWith = (trainer: RootTrainer) => ({
  registry: bench.registry,
  log: bench.log,
  spool: new Spool(join(bench.folder, 'uploads')),
  clock: bench.clock,
  open,
  rootTrainer: trainer,
})
const replay = (trainer: RootTrainer) => replayRound(bench.task, 1, portsWith(trainer))

/** The first round, which all of them agree in. */
async function closed() {
  const closing = bench.closing(1)
  for (const device of devices) await bench.upload(device, [0, 9, 0, 0])
  return closing
}

it('[R19] a round trusts whom the root set agrees with, and replays to the same bytes', async () => {
  const closing = bench.closing(1)
  // one agrees, at another length; one is at right angles; one sends the opposite
  await bench.upload(devices[0]!, [0, 9, 0, 0])
  await bench.upload(devices[1]!, [5, 0, 0, 0])
  await bench.upload(devices[2]!, [0, -90, 0, 0])
  expect(await closing).toMatchObject({ outcome: 'promoted', candidateVersion: 1, numAccepted: 3 })
  expect([...(await bench.registry.params('digits', 1))]).toEqual([0, 2, 0, 0])
  expect(asked).toEqual([
    { document: bench.task.document, base: new Float32Array(4), datasetSha256: root, seed: '1/digits/1/root' },
  ])
  expect(await replay(rootTrainer)).toMatchObject({ verdict: 'same', version: 1 })
  expect(asked[1]).toEqual(asked[0])
  expect(bench.errors).toEqual([])
})

it('[R17] a round in which nobody agrees is abandoned, and says why', async () => {
  const closing = bench.closing(1)
  for (const device of devices) await bench.upload(device, [0, -1, 0, 0])
  expect(await closing).toMatchObject({ outcome: 'abandoned' })
  expect(bench.registry.round('digits', 1)).toMatchObject({ reason: 'fltrust: the total weight is 0' })
  expect(bench.registry.pointers('digits').head).toBe(0)
})

it('[R23] a round whose device is lost begins anew with what the root set came to before', async () => {
  lastsFor = 1 // the norms, and not the distances
  const closing = bench.closing(1)
  await Promise.all(devices.map((device) => bench.upload(device, [0, 9, 0, 0])))
  expect(await closing).toMatchObject({ outcome: 'promoted', aggregation: { engine: 'wasm', lost: 'webgpu' } })
  expect(asked).toHaveLength(1)
  expect([...(await bench.registry.params('digits', 1))]).toEqual([0, 2, 0, 0])
  expect(await replay(rootTrainer)).toMatchObject({ verdict: 'same', version: 1 })
})

it('[R19] its record says what trained on the root set, and a replay on another does not judge what rounds otherwise', async () => {
  expect(await closed()).toMatchObject({ aggregation: { engine: 'webgpu', rootBackend: 'TensorFlow.js on wasm' } })
  const elsewhere = 'TensorFlow.js on cpu'
  expect(await replay(trains([0, 2, 0, 0], elsewhere))).toMatchObject({ verdict: 'same' }) // the same bytes are the same
  // the last bit, as another order of additions may leave it
  const rounded = [0, 2 * (1 + 2 ** -23), 0, 0]
  expect(await replay(trains(rounded, elsewhere))).toEqual({
    verdict: 'no-engine',
    version: 1,
    reason: `the round's root set was trained on by TensorFlow.js on wasm; here it is ${elsewhere}, which rounds otherwise`,
  })
  expect(await replay(trains(rounded, 'TensorFlow.js on wasm'))).toMatchObject({ verdict: 'different' })
})

it.each([
  ['gone', gone],
  ['damaged', new DamagedBlobError(root, 'blobs/44')],
])('[R19] a replay says that the root set is %s, with others or without', async (how, cause) => {
  await closed()
  const lost = {
    verdict: 'root-lost',
    reason: `the root set of task digits (sets.root, ${root}) is ${how}: put it back from a backup (panal restore BACKUP --blobs-only)`,
  }
  expect(await replay(failing(cause))).toEqual({ ...lost, version: 1 })
  const { deviceId } = devices[0]!.join
  expect(await replayWithout(bench.task, 1, [deviceId], portsWith(failing(cause)))).toEqual(lost)
  await expect(replay(failing(new Error('another')))).rejects.toThrow('another')
})
