import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { virtualClock, type RoundSummary } from '@panal/client-core'
import { Spool, VectorError, vectorEngines, type OpenEngine, type TaskDocument } from '@panal/server'
import { replayRound, type Replay } from '../../../../server/src/round/replay.ts'
import type { RoundSize } from '../../../../server/src/vector/probe.ts'
import { Engines, type EngineSetting } from '../../../../server/src/vector/engines.ts'
import { losableEngine } from '../../../fixtures/failing-engines.ts'
import { RoundsBench, type Device } from '../../../fixtures/rounds.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'

let bench: RoundsBench
afterEach(() => bench.remove())

const missing: OpenEngine = () => Promise.reject(new VectorError('no-device', 'WebGPU finds no adapter here'))
const webgpuOf = (webgpu: OpenEngine) => ({ wasm: vectorEngines.wasm, webgpu, tfjs: missing })
const { strategy } = digitsLike()

/** Rounds of three devices whose updates are aggregated by a rule, on engines of the test's. */
async function open(
  webgpu: OpenEngine,
  aggregator: typeof strategy.aggregator = { name: 'median' },
  setting: EngineSetting = 'webgpu',
) {
  const engines = new Engines({
    setting,
    clock: virtualClock(),
    tell: () => undefined,
    open: webgpuOf(webgpu),
  })
  bench = await RoundsBench.open(
    { rounds: { minIntervalMs: 1_000 }, strategy: { ...strategy, aggregator } },
    { engines },
  )
  const opened = bench.until((round) => round.phase === 'collecting')
  const devices = ['a', 'b', 'c'].map((name) => bench.join(name))
  await opened
  return devices
}

async function close(number: number, devices: readonly Device[]): Promise<RoundSummary> {
  const closed = bench.closing(number)
  await Promise.all(devices.map((device, i) => bench.upload(device, [i, 0.1 * i, 1 / 3, -i])))
  return closed
}

async function next(number: number, devices: readonly Device[]): Promise<RoundSummary> {
  await bench.letTimePass(bench.until((round) => round.number === number && round.phase === 'collecting'))
  return close(number, devices)
}

const replay = (number: number, webgpu: OpenEngine): Promise<Replay> =>
  replayRound(bench.task, number, {
    registry: bench.registry,
    log: bench.log,
    spool: new Spool(join(bench.folder, 'uploads')),
    clock: bench.clock,
    open: webgpuOf(webgpu),
  })

// 3 updates of 4 params, 4 bytes each, read once
const bytes = 48

describe('a round whose rule needs all updates at once', () => {
  it('says which engine aggregated it, and on what; the record is durable', async () => {
    const devices = await open(() => losableEngine(Infinity))
    const closed = await close(1, devices)
    const aggregation = {
      engine: 'webgpu',
      device: 'a device that lives for Infinity operations',
      ms: 0, // the test's clock stands still
      bytes,
    }
    expect(closed.aggregation).toEqual(aggregation)
    expect(bench.registry.roundSummary('digits', 1)?.aggregation).toEqual(aggregation)
  })

  it('[R23] goes on with wasm where the device is lost, comes to a version that a replay comes to as well, and says so', async () => {
    let numOpened = 0
    const devices = await open(() => ((numOpened += 1), losableEngine(numOpened === 1 ? 0 : Infinity)))
    const closed = await close(1, devices)
    expect(closed).toMatchObject({
      outcome: 'promoted',
      candidateVersion: 1,
      aggregation: { engine: 'wasm', device: 'WebAssembly SIMD', bytes, lost: 'webgpu' },
    })
    expect(await replay(1, missing)).toMatchObject({ verdict: 'same', version: 1 })
    expect((await next(2, devices)).aggregation).toMatchObject({ engine: 'webgpu' })
    expect(bench.errors).toEqual([])
  })

  it('[P13] tells no device of it: one of an older make would drop the message', async () => {
    const devices = await open(() => losableEngine(Infinity))
    await close(1, devices)
    const { join: message, link } = devices[0]!
    const reply = bench.rounds.join(message, link)
    expect(reply).toMatchObject({ ok: true, round: { number: 1 } })
    expect('round' in reply && reply.round).not.toHaveProperty('aggregation')
  })
})

describe('a rule that only adds', () => {
  it('folds a few updates as they come, whatever engine is the fastest', async () => {
    const devices = await open(missing, { name: 'mean' }, 'auto')
    expect((await close(1, devices)).aggregation).toMatchObject({ engine: 'fold', bytes })
    expect(await replay(1, missing)).toMatchObject({ verdict: 'same' })
  })

  it('runs on the engine that the operator has named, and on wasm where that one is lost', async () => {
    let numOpened = 0
    const devices = await open(() => ((numOpened += 1), losableEngine(numOpened === 1 ? 1 : 0)), { name: 'mean' })
    const first = await close(1, devices)
    expect(first.aggregation).toMatchObject({ engine: 'webgpu', bytes })
    // (0 + 1 + 2) / 3 and so on
    expect([...(await bench.registry.params('digits', 1))]).toEqual([1, Math.fround(0.1), Math.fround(1 / 3), -1])
    expect(await replay(1, () => losableEngine(1))).toMatchObject({ verdict: 'same', version: 1 })
    expect(await replay(1, missing)).toMatchObject({ verdict: 'no-engine' })
    expect((await next(2, devices)).aggregation).toMatchObject({ engine: 'wasm', lost: 'webgpu', bytes })
  })
})

describe('the start of a task', () => {
  /** The rounds that an engine was to be chosen for. */
  async function preparedFor(changes: Partial<TaskDocument>, setting: EngineSetting = 'auto'): Promise<RoundSize[]> {
    const engines = new Engines({ setting, clock: virtualClock(), tell: () => undefined, open: webgpuOf(missing) })
    const rounds: RoundSize[] = []
    const { run, lendsForSums } = engines
    const lender = {
      prepare: (round: RoundSize) => void rounds.push(round),
      run: run.bind(engines),
      lendsForSums: lendsForSums.bind(engines),
    }
    bench = await RoundsBench.open(changes, { engines: lender })
    return rounds
  }
  const { cohort, plan } = digitsLike()
  /** Of 4 params and 4 bytes each: 64 MiB are 2²² updates. */
  const large = { cohort: { ...cohort, reportingGoal: 2 ** 22 } }
  const small = { cohort: { ...cohort, reportingGoal: 2 ** 22 - 1 } }
  const ofRule = (aggregator: typeof strategy.aggregator) => ({ strategy: { ...strategy, aggregator } })

  it.each([
    ['rounds of 64 MiB that lie as they are', large, [{ count: 2 ** 22, size: 4 }]],
    ['rounds of less', small, []],
    ['rounds of 64 MiB in half precision', { ...large, plan: { ...plan, codec: 'f16' } as const }, []],
    [
      'rounds of less whose rule needs them all at once',
      { ...small, ...ofRule({ name: 'median' }) },
      [{ count: 2 ** 22 - 1, size: 4 }],
    ],
  ])('begins to choose an engine for %s, or not', async (_, changes, expected) => {
    expect(await preparedFor(changes)).toEqual(expected)
  })

  it('opens the engine that the operator has named, whatever the rounds', async () => {
    expect(await preparedFor(small, 'webgpu')).toHaveLength(1)
  })
})

describe('[R19] a replay', () => {
  it('runs on the engine of the record', async () => {
    const devices = await open(() => losableEngine(Infinity))
    await close(1, devices)
    let numOpened = 0
    const replayed = await replay(1, () => ((numOpened += 1), losableEngine(Infinity)))
    expect([replayed.verdict, numOpened]).toEqual(['same', 1])
  })

  it('does not judge where that engine does not run', async () => {
    const devices = await open(() => losableEngine(Infinity))
    await close(1, devices)
    expect(await replay(1, missing)).toMatchObject({
      verdict: 'no-engine',
      version: 1,
      reason: expect.stringContaining('WebGPU finds no adapter here') as unknown,
    })
  })

  it('nor where it comes to other bytes on another device than that of the record', async () => {
    const devices = await open(() => losableEngine(Infinity))
    await close(1, devices)
    const rounding: OpenEngine = async () => {
      const engine = await losableEngine(9)
      // the last bit of each value, as another order of additions may leave it
      const select: typeof engine.select = async (...of) => (await engine.select(...of)).map((x) => x * (1 + 2 ** -23))
      return { ...engine, select }
    }
    expect(await replay(1, rounding)).toMatchObject({
      verdict: 'no-engine',
      reason: expect.stringContaining('here it is a device that lives for 9 operations') as unknown,
    })
    expect(await replay(1, () => losableEngine(9))).toMatchObject({ verdict: 'same' }) // the same bytes are the same
  })
})
