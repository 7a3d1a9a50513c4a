import { expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { makeAggregator, vectorEngines, type VectorEngine } from '@panal/server'
import { trustScores } from '../../../../server/src/aggregate/fltrust.ts'
import { float64Engine } from '../../../fixtures/float64-engine.ts'
import { updateSourceOf } from '../../../fixtures/update-source.ts'

const fltrust = { aggregator: { name: 'fltrust' } } as const
type Specs = Parameters<typeof makeAggregator>[0]

interface Given {
  readonly specs?: Specs
  readonly engine?: VectorEngine
}

const aggregate = (deltas: readonly number[][], root: readonly number[], { specs = fltrust, engine }: Given = {}) =>
  makeAggregator(specs).aggregate(updateSourceOf(deltas), {
    ...(engine && { engine }),
    rootDelta: async () => Float32Array.from(root),
  })

it('trusts each by its direction, at the length of the root update', async () => {
  // Beside (3, 4), of length 5: (6, 8) has cosine 1 and becomes (3, 4); (-3, -4) has -1 and counts 0; (10, 0) has 30 / 50 and
  // becomes (5, 0); (4, -3) has 0. So (1·(3, 4) + 0.6·(5, 0)) / 1.6.
  const updates = [
    [6, 8],
    [-3, -4],
    [10, 0],
    [4, -3],
  ]
  const engine = float64Engine()
  await aggregate(updates, [3, 4], { engine })
  const [x, y] = engine.exact()
  expect(Math.abs(x! - 3.75)).toBeLessThan(1e-12)
  expect(Math.abs(y! - 2.5)).toBeLessThan(1e-12)
})

it('takes for a right angle what an engine may make of one, and no direction for none', () => {
  // ‖x − g‖² = 2‖g‖²·(1 − cos); an engine's is off by 1e-6 of itself, so that a cosine of 0 comes out as up to 1e-6.
  const cosines = [2e-6, 1e-3, -2e-6, 0.5, -0.5]
  const length = 5
  const norms = Float64Array.of(...cosines.map(() => 1), 0)
  const squared = new Float64Array((norms.length + 1) ** 2)
  // of the last, which is 0, the cosine would come out as a half
  for (const [i, cosine] of [...cosines, 0.5].entries())
    squared[i * (norms.length + 1) + norms.length] = 2 * length ** 2 * (1 - cosine)
  const trust = trustScores(squared, { norms, length })
  expect(trust.map((each) => Math.round(each * 1e9) / 1e9)).toEqual(Float64Array.of(0, 1e-3, 0, 0.5, 0, 0))
})

it('refuses a round in which nobody goes where the root update goes, or which has none', async () => {
  const astray = [
    [-3, -4],
    [4, -3],
    [0, 0],
  ]
  const zeroWeight = { name: 'AggregationError', code: 'zero-weight' }
  await expect(aggregate(astray, [3, 4])).rejects.toMatchObject(zeroWeight)
  await expect(aggregate([[1, 2]], [0, 0])).rejects.toMatchObject(zeroWeight)
  await expect(aggregate([[1, 2]], [NaN, 0])).rejects.toMatchObject({ code: 'out-of-range' })
})

it('without anybody who trains the root set is a mistake of whoever calls it', async () => {
  await expect(makeAggregator(fltrust).aggregate(updateSourceOf([[1]]))).rejects.toThrow(TypeError)
})

it('works behind what comes before a rule', async () => {
  // (6, 8) and (8, 6) become their mean, (7, 7), twice: cosine 49 / (5 · √98), at length 5 (5 / √2, 5 / √2)
  const updates = [
    [6, 8],
    [8, 6],
  ]
  const specs = { ...fltrust, preAggregators: [{ name: 'nnm', f: 0 }] } as const
  for (const value of await aggregate(updates, [3, 4], { specs })) expect(value).toBeCloseTo(5 / Math.SQRT2, 5)
})

const size = 400
const rng = makeRng('fltrust')
const near = () => Array.from({ length: size }, () => 1 + rng.normal())
const honest = Array.from({ length: 4 }, near)
const root = near()

/** Cosine of what it comes to with (1, 1, …), where the honest lead. */
const cosine = (found: Float32Array): number =>
  found.reduce((sum, x) => sum + x, 0) / (Math.hypot(...found) * Math.sqrt(size))

it.each([1, 100, 1e6])('stands four times as many who send the opposite, times %d', async (times) => {
  const flipped = Array.from({ length: 16 }, (_, i) => honest[i % 4]!.map((x) => -times * x))
  const clean = await aggregate(honest, root)
  // Each honest update alone has cosine 1 / √2; four of them, whose noise is half, 2 / √5 = 0.894. Off by ±0.02.
  expect(cosine(clean)).toBeGreaterThan(0.87)
  const found = await aggregate([...honest, ...flipped], root)
  for (const [p, x] of found.entries()) expect(Math.abs(x - clean[p]!)).toBeLessThan(1e-4)
  const plain = await makeAggregator({ aggregator: { name: 'mean' } }).aggregate(
    updateSourceOf([...honest, ...flipped]),
  )
  expect(cosine(plain)).toBeLessThan(-0.8)
})

it('counts for no more who is a million times as long', async () => {
  const loud = [...honest.slice(0, 3), honest[3]!.map((x) => 1e6 * x)]
  const [found, quiet] = [await aggregate(loud, root), await aggregate(honest, root)]
  for (const [p, x] of found.entries()) expect(Math.abs(x - quiet[p]!)).toBeLessThan(1e-4)
})

it('comes to the same bytes again, tile after tile', async () => {
  const tiny = () => vectorEngines.wasm({ maxTileBytes: 1024 })
  const once = await aggregate(honest, root, { engine: await tiny() })
  expect(await aggregate(honest, root, { engine: await tiny() })).toEqual(once)
})
