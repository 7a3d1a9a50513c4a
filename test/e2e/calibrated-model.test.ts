import '@tensorflow/tfjs-backend-cpu'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { enableProdMode, tensor, type Tensor } from '@tensorflow/tfjs-core'
import { loadLayersModel } from '@tensorflow/tfjs-layers'
import {
  applyCalibrator,
  calibratorOf,
  makeRng,
  modelTopology,
  readDataset,
  tfjsTrainer,
  uniformInt,
  writeImageDataset,
  type Calibrator,
  type ImageSchema,
} from '@panal/client-core'
import type { GateCheckSpec, ModelVersion } from '@panal/server'
import { addDataset, useLiveServer } from '../fixtures/live-server.ts'
import { joinTask, next, openSocket, ask, putUpdate, type RawDevice } from '../fixtures/raw-device.ts'
import { answerOf } from '../fixtures/raw-http.ts'
import { digitsLike } from '../fixtures/task-document.ts'

enableProdMode()
const live = useLiveServer()
const schema: ImageSchema = { ...(digitsLike().data as ImageSchema), scale: 1 / 255 }
const numPixels = 16
const numClasses = 3

/** Images with one bright row; the label is that row in 8 of 10, and any class in the others. */
function noisyBars(numExamples: number, seed: number): Uint8Array {
  const rng = makeRng(`bars ${seed}`)
  const pixels = new Uint8Array(numExamples * numPixels)
  const labels = Array.from({ length: numExamples }, (_, i) => {
    const row = uniformInt(rng, numClasses)
    for (let p = 0; p < numPixels; p++)
      pixels[i * numPixels + p] = p >> 2 === row ? 200 + uniformInt(rng, 56) : uniformInt(rng, 30)
    return rng.uniform() < 0.7 ? row : uniformInt(rng, numClasses)
  })
  return writeImageDataset(pixels, labels, schema)
}

/** A model that tells the bars apart, and is far too sure of it. */
const tooSure = (): Float32Array =>
  Float32Array.from({ length: numPixels * numClasses + numClasses }, (_, i) => {
    const [pixel, label] = [Math.floor(i / numClasses), i % numClasses]
    return pixel < numPixels && pixel >> 2 === label ? 3 : 0
  })

/** Trains a task to the champion `tooSure` in one round. */
async function championOf(id: string, checks: readonly GateCheckSpec[]): Promise<ModelVersion> {
  const draft = digitsLike({
    id,
    cohort: { size: 1, overSelection: 1, reportingGoal: 1, minimum: 1, deadlineMs: 600_000 },
    lease: { heartbeatMs: 60_000, leaseMs: 600_000 },
    rounds: { minIntervalMs: 0, max: 1 },
    gate: { checks: [{ name: 'integrity' }, { name: 'floor', metric: 'accuracy', min: 0.5 }, ...checks] },
  })
  const [evaluation = '', calibration = '', gate = ''] = await Promise.all(
    [1, 2, 3].map((seed) => addDataset(live, noisyBars(1200, 10 * numTasks + seed))),
  )
  numTasks++
  const created = await live.asOperator('POST', '/v1/tasks', { ...draft, sets: { evaluation, calibration, gate } })
  expect(created.status).toBe(201)
  const watcher = openSocket(live)
  await next(watcher, 'connect')
  await ask(watcher, 'watch', { taskId: id })
  const promoted = next(watcher, 'promoted')
  const device: RawDevice = await joinTask(live, id)
  const base = await rawParams(await versionOf(id, 0))
  const delta = tooSure().map((each, i) => each - base[i]!)
  await putUpdate(live, device, await device.assignment, { bytes: new Uint8Array(delta.buffer) })
  await promoted
  for (const socket of [watcher, device.socket]) socket.close()
  return versionOf(id, 1)
}
let numTasks = 0

const versionOf = async (id: string, version: number) =>
  (await answerOf(await live.fetch(`/v1/tasks/${id}/versions/${version}`))) as unknown as ModelVersion

const rawParams = async ({ weightsSha256 }: ModelVersion) =>
  new Float32Array(await (await live.fetch(`/v1/blobs/${weightsSha256}`)).arrayBuffer())

const questions = readDataset(noisyBars(50, 99), schema)

/** Node's fetch, with objects of this realm: tfjs asks for `instanceof Array`, and each of Jest's files has an Array of its own. */
async function fetchHere(url: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  const bytes = Uint8Array.from(new Uint8Array(await response.arrayBuffer()))
  const json = () => JSON.parse(new TextDecoder().decode(bytes)) as unknown
  return {
    ok: response.ok,
    status: response.status,
    json: async () => json(),
    arrayBuffer: async () => bytes.buffer,
  } as Response
}

/** As an application does: the address, and nothing else of ours. */
async function answersOf(path: string): Promise<{ rows: Float32Array; calibrator: Calibrator }> {
  const model = await loadLayersModel(live.url + path, { fetchFunc: fetchHere })
  const batch = tensor(questions.x, [50, 4, 4, 1])
  const answer = model.predict(batch) as Tensor
  const rows = await answer.data<'float32'>()
  const calibrator = calibratorOf(model)
  for (const each of [batch, answer]) each.dispose()
  model.dispose()
  return { rows, calibrator }
}

async function rawAnswers(version: ModelVersion): Promise<Float32Array> {
  const trainer = await tfjsTrainer(
    modelTopology({ builtin: 'mlp', hidden: [] }, schema, 'categorical-crossentropy'),
    schema,
    'categorical-crossentropy',
  )
  return trainer.predict(await rawParams(version), questions)
}

const largest = (a: Float32Array, b: Float32Array) => a.reduce((most, p, i) => Math.max(most, Math.abs(p - b[i]!)), 0)

describe('a champion with a temperature', () => {
  let version: ModelVersion
  beforeAll(async () => {
    version = await championOf('warm', [{ name: 'calibration' }])
  }, 60_000)

  it('answers calibrated probabilities to whoever loads it, by either address', async () => {
    const { calibrator, servedSha256, weightsSha256 } = version
    if (calibrator?.method !== 'temperature') throw new Error(`calibrator ${JSON.stringify(calibrator)}`)
    // Logits of about 10 where 8 of 10 are right: ln(.8/.1) = 2.1.
    expect(calibrator.temperature).toBeGreaterThan(3)
    expect(servedSha256).not.toBe(weightsSha256)
    const raw = await rawAnswers(version)
    const expected = applyCalibrator(calibrator, { probabilities: raw, numClasses })
    expect(largest(raw, expected)).toBeGreaterThan(0.1)
    for (const path of ['/v1/tasks/warm/models/champion', '/v1/tasks/warm/models/1']) {
      const { rows, calibrator: left } = await answersOf(path)
      expect(largest(rows, expected)).toBeLessThan(1e-5)
      expect(left).toEqual({ method: 'identity' })
    }
  })
  it('trains on from the raw weights, and says in its report what it was served with', async () => {
    // The optimizer has made exactly the target, up to a rounding of base + (target − base).
    expect(largest(await rawParams(version), tooSure())).toBeLessThan(1e-5)
    expect(version.evaluation?.checks.find(({ check }) => check === 'calibration')).toMatchObject({
      verdict: 'PASS',
      calibrator: version.calibrator,
    })
  })
  it('is cached for ever under its number, and asked for again as champion', async () => {
    const cache = async (path: string) => (await live.fetch(path)).headers.get('cache-control')
    expect(await cache('/v1/tasks/warm/models/1')).toContain('immutable')
    expect(await cache('/v1/tasks/warm/models/champion')).toBe('no-cache')
  })
})

describe('a champion whose calibrator is no weights', () => {
  it('says in its JSON what is left to apply', async () => {
    const version = await championOf('curved', [{ name: 'calibration', method: 'isotonic' }])
    expect(version.calibrator?.method).toBe('isotonic')
    expect(version.servedSha256).toBeNull()
    const { rows, calibrator } = await answersOf('/v1/tasks/curved/models/champion')
    expect(calibrator).toEqual(version.calibrator)
    expect(largest(rows, await rawAnswers(version))).toBeLessThan(1e-6)
    const served = applyCalibrator(calibrator, { probabilities: rows, numClasses })
    // About 8 of 10 is what it should be sure of.
    const surest = Array.from({ length: 50 }, (_, i) => Math.max(...served.subarray(3 * i, 3 * i + 3)))
    const mean = surest.reduce((a, b) => a + b, 0) / 50
    expect(Math.abs(mean - 0.8)).toBeLessThan(0.1)
  }, 60_000)
})
