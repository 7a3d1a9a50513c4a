import { describe, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'
import { VectorError, vectorEngines, type OpenEngine, type Rows, type VectorEngine } from '@panal/server'
import { Engines, type EngineNews, type EnginesDeps } from '../../../../server/src/vector/engines.ts'
import { losableEngine, slowedEngine, type LosableEngine } from '../../../fixtures/failing-engines.ts'
import { rowsOf } from '../../../fixtures/vector-rows.ts'

const three = rowsOf([Float32Array.of(1, 2), Float32Array.of(4, 9), Float32Array.of(7, 3)])
const median = (rows: Rows) => async (engine: VectorEngine) => [...(await engine.select(rows, { by: 'median' }))]
const missing: OpenEngine = () => Promise.reject(new VectorError('no-device', 'there is none'))

/** Engines that are told apart by name, and what they said. */
function enginesOf(open: Partial<EnginesDeps['open']>, deps: Partial<EnginesDeps> = {}) {
  const news: EngineNews[] = []
  const all = { wasm: vectorEngines.wasm, webgpu: missing, tfjs: missing, ...open }
  const engines = new Engines({
    setting: 'auto',
    clock: virtualClock(),
    tell: (each) => news.push(each),
    open: all,
    ...deps,
  })
  return { engines, news }
}

describe('auto', () => {
  it('takes the fastest of those that run, and says what it measured of each', async () => {
    const clock = virtualClock()
    const { engines, news } = enginesOf(
      {
        wasm: () => slowedEngine(clock, 8),
        webgpu: () => slowedEngine(clock, 2, 'webgpu'),
      },
      { clock, boxMs: 1e6 },
    )
    engines.prepare({ count: 2, size: 4096 })
    const { value } = await engines.run((engine) => Promise.resolve(engine.name))
    expect(value).toBe('webgpu')
    // each operation reads 8 updates of 4,096 params, 131,072 bytes: in 8 ms 16,384 bytes a ms, in 2 ms 65,536
    expect(news).toMatchObject([
      {
        type: 'chosen',
        engine: 'webgpu',
        probed: [
          { name: 'wasm', gbPerS: 0.0164 },
          { name: 'webgpu', gbPerS: 0.0655 },
          { name: 'tfjs', why: 'there is none' },
        ],
      },
    ])
  })

  it('measures longer updates for larger models, up to a quarter of a million params', async () => {
    const clock = virtualClock()
    const lengths: number[] = []
    const open: OpenEngine = async () => {
      const engine = await slowedEngine(clock, 10)
      return { ...engine, select: (rows, by, mix) => (lengths.push(rows.size), engine.select(rows, by, mix)) }
    }
    const { engines } = enginesOf({ wasm: open }, { clock, boxMs: 1e6 })
    engines.prepare({ count: 8, size: 1e7 })
    await engines.run(median(three))
    expect([...new Set(lengths)]).toEqual([4096, 16384, 65536, 262144, 2])
  })

  it('measures as many updates as the largest round has, up to 100, and then shorter ones', async () => {
    const clock = virtualClock()
    const measured: string[] = []
    const open: OpenEngine = async () => {
      const engine = await slowedEngine(clock, 10)
      const none = (): Promise<Float64Array> => Promise.resolve(new Float64Array()) // so many take this processor seconds
      return {
        ...engine,
        squaredDistances: none,
        select: (rows) => (measured.push(`${rows.count} × ${rows.size}`), Promise.resolve(new Float32Array())),
      }
    }
    const { engines } = enginesOf({ wasm: open }, { clock, boxMs: 1e6 })
    for (const round of [
      { count: 8, size: 1e6 },
      { count: 300, size: 1e6 },
      { count: 20, size: 1e4 },
    ])
      engines.prepare(round)
    await engines.run((engine) => Promise.resolve(engine.name))
    expect([...new Set(measured)]).toEqual(['100 × 4096', '100 × 16384', '100 × 65536', '100 × 83886'])
  })

  it('gives up on one that takes longer than its time box, and closes it', async () => {
    const clock = virtualClock()
    const opened: LosableEngine[] = []
    const stuck: OpenEngine = async () => {
      const engine = await losableEngine(Infinity)
      opened.push(engine)
      return Object.assign(engine, {
        weightedSum: () => clock.advance(500).then(() => new Promise<never>(() => undefined)),
      })
    }
    const { engines, news } = enginesOf({ webgpu: stuck }, { clock, boxMs: 400 })
    const { value } = await engines.run((engine) => Promise.resolve(engine.name))
    expect(value).toBe('wasm')
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true])
    expect(news).toMatchObject([{ probed: [{ name: 'wasm' }, { why: 'took longer than 400 ms' }, {}] }])
  })

  it('works on wasm where nothing can be measured', async () => {
    const { engines, news } = enginesOf({ wasm: missing })
    expect(await engines.run(median(three))).toEqual({ value: [4, 3] })
    expect(news).toMatchObject([{ type: 'chosen', engine: 'wasm' }])
  })
})

describe('an engine that is asked for by name', () => {
  it('is used without measuring, opened once', async () => {
    const opened: LosableEngine[] = []
    const open = async () => (opened.push(await losableEngine(Infinity)), opened.at(-1)!)
    const { engines, news } = enginesOf({ webgpu: open }, { setting: 'webgpu' })
    for (let i = 0; i < 3; i++) expect(await engines.run(median(three))).toEqual({ value: [4, 3] })
    expect([opened.length, news]).toEqual([1, []])
    await engines.close()
    expect(opened[0]!.isClosed).toBe(true)
  })

  it('is wasm, and said to be, where it does not run', async () => {
    const { engines, news } = enginesOf({}, { setting: 'webgpu' })
    expect(await engines.run((engine) => Promise.resolve(engine.name))).toEqual({ value: 'wasm' })
    expect(news).toEqual([{ type: 'unavailable', engine: 'webgpu', why: 'there is none' }])
  })
})

describe('a device that is lost', () => {
  it('costs the work a new beginning on wasm; the next opens it again', async () => {
    const lives = [1, Infinity]
    const opened: LosableEngine[] = []
    const open = async () => (opened.push(await losableEngine(lives[opened.length]!)), opened.at(-1)!)
    const { engines, news } = enginesOf({ webgpu: open }, { setting: 'webgpu' })
    const twice = async (engine: VectorEngine) => {
      await engine.squaredDistances(three)
      return [engine.name, ...(await median(three)(engine))]
    }
    expect(await engines.run(twice)).toEqual({ value: ['wasm', 4, 3], lost: 'webgpu' })
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true])
    expect(await engines.run(twice)).toEqual({ value: ['webgpu', 4, 3] })
    expect(news).toMatchObject([{ type: 'lost', engine: 'webgpu', why: 'the driver was reset' }])
  })

  it('is not opened a third time when it was lost twice with nothing finished in between', async () => {
    let numOpened = 0
    const open = () => ((numOpened += 1), losableEngine(0))
    const { engines, news } = enginesOf({ webgpu: open }, { setting: 'webgpu' })
    const found = []
    for (let i = 0; i < 4; i++) found.push(await engines.run(median(three)))
    expect(found.map(({ lost }) => lost)).toEqual(['webgpu', 'webgpu', undefined, undefined])
    expect(numOpened).toBe(2)
    expect(news.map(({ type }) => type)).toEqual(['lost', 'lost', 'unavailable'])
  })

  it('that does not open again leaves wasm', async () => {
    let numOpened = 0
    const open = () => (numOpened++ === 0 ? losableEngine(0) : missing())
    const { engines, news } = enginesOf({ webgpu: open }, { setting: 'webgpu' })
    for (let i = 0; i < 3; i++) expect((await engines.run(median(three))).value).toEqual([4, 3])
    expect(news.map(({ type }) => type)).toEqual(['lost', 'unavailable'])
    expect(numOpened).toBe(2)
  })

  it('is one loss, whatever number of rounds had it', async () => {
    let numOpened = 0
    const open = () => ((numOpened += 1), losableEngine(numOpened === 1 ? 0 : Infinity))
    const { engines, news } = enginesOf({ webgpu: open }, { setting: 'webgpu' })
    const found = await Promise.all([
      engines.run(median(three)),
      engines.run(median(three)),
      engines.run(median(three)),
    ])
    expect(found.map(({ value, lost }) => [value, lost])).toEqual(Array(3).fill([[4, 3], 'webgpu']))
    expect(news.map(({ type }) => type)).toEqual(['lost'])
    expect((await engines.run(median(three))).lost).toBeUndefined()
  })
})

it('passes on what is no loss: bad rows are bad on any engine', async () => {
  const { engines, news } = enginesOf({ webgpu: () => losableEngine(Infinity) }, { setting: 'webgpu' })
  const bad = rowsOf([Float32Array.of(NaN)])
  await expect(engines.run(median(bad))).rejects.toMatchObject({ code: 'not-finite' })
  await expect(engines.run(() => Promise.reject(new TypeError('a bug')))).rejects.toThrow('a bug')
  expect(news).toEqual([])
})

describe('sums, which could as well be folded', () => {
  const large = { numBytes: 64 * 2 ** 20, lieInPlace: true }

  it('are worth an engine of our choice where there are many and it can read them where they lie', () => {
    const { engines } = enginesOf({})
    expect(engines.lendsForSums(large)).toBe(true)
    expect(engines.lendsForSums({ ...large, numBytes: large.numBytes - 1 })).toBe(false)
    expect(engines.lendsForSums({ ...large, lieInPlace: false })).toBe(false)
  })

  it('always run on an engine that the operator has named', () => {
    const { engines } = enginesOf({}, { setting: 'webgpu' })
    expect(engines.lendsForSums({ numBytes: 1, lieInPlace: false })).toBe(true)
  })
})
