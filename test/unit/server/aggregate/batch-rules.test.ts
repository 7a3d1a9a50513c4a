import { describe, expect, it } from '@jest/globals'
import { aggregators, makeAggregator, makePolicy, type AggregationContext } from '@panal/server'
import { krumScores } from '../../../../server/src/aggregate/krum-scores.ts'
import { makeWasmEngine } from '../../../../server/src/vector/wasm/engine.ts'
import { float64Engine } from '../../../fixtures/float64-engine.ts'
import { factsIn, updateSourceOf } from '../../../fixtures/update-source.ts'
import { reference, rowsOf } from '../../../fixtures/vector-rows.ts'

type Specs = Parameters<typeof makeAggregator>[0]

/**
 * Seven honest updates and two attackers, in hundredths: whole numbers are the same in float32. All rules but those with a
 * length of their own (τ) scale with their input.
 */
const nine = [
  [100, 200],
  [110, 190],
  [90, 210],
  [120, 220],
  [80, 180],
  [104, 205],
  [95, 195],
  [1000, -1000],
  [1200, -1100],
]
const three = [
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
]

/** What a rule makes of updates, in float64. */
async function exact(
  specs: Specs,
  deltas: readonly number[][],
  { weights, ...context }: { readonly weights?: readonly number[] } & AggregationContext = {},
): Promise<number[]> {
  const engine = float64Engine()
  const source = updateSourceOf(deltas, { ...(weights && { weights }) })
  await makeAggregator(specs).aggregate(source, { ...context, engine })
  return [...engine.exact()]
}

function expectNear(found: readonly number[], wanted: readonly number[], scale = 1): void {
  expect(found).toHaveLength(wanted.length)
  for (const [i, value] of wanted.entries()) expect(Math.abs(found[i]! / scale - value)).toBeLessThanOrEqual(1e-9)
}

describe('on seven honest updates and two attackers', () => {
  // 9.99e-11 at most from the numbers with ten digits that other implementations came to
  it.each<[Specs['aggregator'], number[]]>([
    [{ name: 'median' }, [1.04, 1.95]],
    [{ name: 'trimmed-mean', f: 2 }, [1.058, 1.94]], // of 1 1.04 1.1 1.2 .95; of 1.8 1.9 1.95 2 2.05
    [{ name: 'krum', f: 2 }, [0.95, 1.95]],
    [{ name: 'multi-krum', f: 2 }, [0.9985714286, 2]], // the mean of the honest: 6.99 / 7, 14 / 7
    [{ name: 'multi-krum', f: 2, m: 1 }, [0.95, 1.95]],
    [{ name: 'geometric-median' }, [1.0153298955, 1.9777275827]],
    [{ name: 'centred-clipping', tau: 100, steps: 1 }, [0.5068684875, 0.542073988]],
  ])('%j gives %j', async (aggregator, wanted) => {
    expectNear(await exact({ aggregator }, nine), wanted, 100)
  })

  it('the mean goes with the attackers', async () => {
    const found = await exact({ preAggregators: [{ name: 'clip', maxNorm: 1e6 }], aggregator: { name: 'mean' } }, nine)
    expectNear(found, [3.2211111111, -0.7777777778], 100)
  })

  it("Krum's scores are the known ones", () => {
    const squared = reference.squaredDistances(nine)
    const scores = krumScores(squared, { numRows: 9, f: 2 })
    expectNear([...scores], [0.1291, 0.2511, 0.2471, 0.4531, 0.4451, 0.1185, 0.1181, 899.405, 1159.305], 1e4)
  })

  it('Bulyan refuses fewer than 4f + 3, and says how many it needs', async () => {
    await expect(exact({ aggregator: { name: 'bulyan', f: 2 } }, nine)).rejects.toMatchObject({
      code: 'too-few',
      message: 'bulyan: needs 11 updates, has 9',
    })
  })

  it('Bulyan with f = 1 takes the values nearest the median of those that Krum picks', async () => {
    // n = 7: the honest six and an attacker. Of 5 picks the attacker is none; then the 3 nearest the median of each coordinate.
    const seven = [[100], [110], [90], [120], [80], [104], [1000]]
    // Krum with n = 7 sums the 4 nearest: 104 first (4² + 6² + 14² + 16² = 504, 100 has 616). Of the 6 left it sums the 3 nearest:
    // 600 of 100, of 110 and of 90: the first. Of 5 (2): 110 and 90 have 500 and 500: the first, 110. Of 90 120 80 1000 (1): 90 and 80 have 100: 90.
    // Of 120 80 1000 (1): 120 and 80 have 1600: 120. The picks are 104 100 110 90 120; nearest their median 104: 104 100 110.
    expectNear(await exact({ aggregator: { name: 'bulyan', f: 1 } }, seven), [(104 + 100 + 110) / 3])
  })
})

describe('on rows (1 2 3) (4 5 6) (7 8 9)', () => {
  it.each<[Specs]>([
    [{ aggregator: { name: 'median' } }],
    [{ aggregator: { name: 'trimmed-mean', f: 1 } }],
    [{ preAggregators: [{ name: 'nnm', f: 0 }], aggregator: { name: 'mean' } }],
  ])('%j gives the middle one', async (specs) => {
    expectNear(await exact(specs, three), [4, 5, 6])
  })

  it('NNM(1) makes 2.5 3.5 4.5 of the first two and 5.5 6.5 7.5 of the last', async () => {
    const nnm: Specs = { preAggregators: [{ name: 'nnm', f: 1 }], aggregator: { name: 'median' } }
    expectNear(await exact(nnm, three), [2.5, 3.5, 4.5])
    // their mean is a third of the way from the first to the last
    expectNear(await exact({ ...nnm, aggregator: { name: 'mean' } }, three), [3.5, 4.5, 5.5])
  })
})

describe('what comes before a rule', () => {
  it('clip shortens what is too long, to a fixed norm or the median of all', async () => {
    const lengths = [
      [3, 4],
      [6, 8],
      [30, 40],
    ]
    const clipped = (maxNorm?: number) =>
      exact({ preAggregators: [{ name: 'clip', ...(maxNorm && { maxNorm }) }], aggregator: { name: 'mean' } }, lengths)
    expectNear(await clipped(), [(3 + 6 + 6) / 3, (4 + 8 + 8) / 3]) // norms 5 10 50
    expectNear(await clipped(2.5), [1.5, 2])
  })

  it('clip takes the median of norms of earlier rounds as well, where it has a window', async () => {
    const lengths = [
      [3, 4],
      [9, 12],
    ]
    const clipped = (window: number, earlierNorms?: readonly number[]) =>
      exact({ preAggregators: [{ name: 'clip', window }], aggregator: { name: 'mean' } }, lengths, {
        ...(earlierNorms && { earlierNorms }),
      })
    // norms 1 2 5 10 15, so C = 5: (3, 4) twice. 0 0 5 15: C = 2.5, (1.5, 2) twice
    expectNear(await clipped(3, [10, 1, 2]), [3, 4])
    expectNear(await clipped(2, [0, 0]), [1.5, 2])
    // none yet: 5 15, C = 10, so (3, 4) and (6, 8)
    expectNear(await clipped(3, []), [4.5, 6])
    expectNear(await clipped(3), [4.5, 6])
  })

  it('a rule says of how many rounds it needs the norms', () => {
    const needed = (...preAggregators: NonNullable<Specs['preAggregators']>) =>
      makeAggregator({ preAggregators, aggregator: { name: 'median' } }).numEarlierRounds
    expect(needed({ name: 'clip', window: 7 }, { name: 'nnm', f: 0 })).toBe(6)
    expect(needed({ name: 'clip' })).toBe(0)
  })

  it('clip keeps weights; what mixes updates has none to keep', async () => {
    const two = [[2], [6]]
    const mean: Specs['aggregator'] = { name: 'mean' }
    expectNear(
      await exact({ preAggregators: [{ name: 'clip', maxNorm: 100 }], aggregator: mean }, two, { weights: [1, 3] }),
      [5],
    )
    expectNear(
      await exact({ preAggregators: [{ name: 'nnm', f: 0 }], aggregator: mean }, two, { weights: [1, 3] }),
      [4],
    )
  })

  it('runs in the order of the list', async () => {
    const rows = [[4], [0], [0]]
    const [clip, nnm] = [{ name: 'clip', maxNorm: 1 } as const, { name: 'nnm', f: 1 } as const]
    const aggregator: Specs['aggregator'] = { name: 'mean' }
    // clipped: 1 0 0, mixed: ½ 0 0. Mixed first: 2 0 0, clipped: 1 0 0.
    expectNear(await exact({ preAggregators: [clip, nnm], aggregator }, rows), [1 / 6])
    expectNear(await exact({ preAggregators: [nnm, clip], aggregator }, rows), [1 / 3])
  })

  it('bucketing makes means of s, the last of fewer, and the same ones every time', async () => {
    const five = [[1], [2], [4], [8], [16]]
    const medians = async (seed: number) =>
      (await exact({ preAggregators: [{ name: 'bucketing', s: 2, seed }], aggregator: { name: 'median' } }, five))[0]!
    const found = await Promise.all(Array.from({ length: 20 }, (_, seed) => medians(seed)))
    expect(await Promise.all(Array.from({ length: 20 }, (_, seed) => medians(seed)))).toEqual(found)
    expect(new Set(found).size).toBeGreaterThan(3)
    // the median of two halves of pairs and one alone
    const possible = new Set([1, 2, 4, 8, 16].flatMap((a, i, all) => [a, ...all.slice(i + 1).map((b) => (a + b) / 2)]))
    for (const median of found) expect(possible).toContain(median)
    // One bucket of all is the mean.
    const all: Specs = { preAggregators: [{ name: 'bucketing', s: 5, seed: 1 }], aggregator: { name: 'median' } }
    expectNear(await exact(all, five), [31 / 5])
  })

  it('adds up what it needs to what the rule needs', () => {
    const needs = (specs: Specs) => makeAggregator(specs).minUpdates
    const trimmed: Specs['aggregator'] = { name: 'trimmed-mean', f: 2 }
    expect(needs({ aggregator: trimmed })).toBe(5)
    expect(needs({ preAggregators: [{ name: 'clip' }, { name: 'nnm', f: 3 }], aggregator: trimmed })).toBe(7)
    // four whole buckets of 3 and one update in the fifth
    expect(needs({ preAggregators: [{ name: 'bucketing', s: 3, seed: 1 }], aggregator: trimmed })).toBe(13)
    expect(needs({ preAggregators: [], aggregator: { name: 'scaffold' } })).toBe(1)
  })

  it('goes with no rule that takes updates as they come', () => {
    const fair = { name: 'fair-mean', q: 1, lipschitz: 1 } as const
    expect(() => makeAggregator({ preAggregators: [{ name: 'clip' }], aggregator: fair })).toThrow(TypeError)
  })
})

it('centred clipping comes no further than τ times its steps, and to the updates with enough of them', async () => {
  const far = Array.from({ length: 5 }, () => [300, 400])
  const clipped = (steps: number) => exact({ aggregator: { name: 'centred-clipping', tau: 100, steps } }, far)
  expectNear(await clipped(2), [120, 160]) // 200 of 500
  expectNear(await clipped(6), [300, 400])
})

describe('centred clipping that goes on from the last round', () => {
  const once = { name: 'centred-clipping', tau: 100, steps: 1 } as const
  const previous = Float32Array.of(300, 0)

  it('begins there', async () => {
    // Of (300, 400), 400 from (300, 0), a quarter counts: (0, 100). Of (350, 0), 50 away, all: (50, 0). Their mean: (25, 50).
    const updates = [
      [300, 400],
      [350, 0],
    ]
    expectNear(await exact({ aggregator: once }, updates, { previous }), [325, 50])
    // Without one from 0: 500 and 350 away, so (60, 80) and (100, 0)
    expectNear(await exact({ aggregator: once }, updates, { previous: null }), [80, 40])
  })

  it('does so behind what mixes updates, which leaves the beginning as it is', async () => {
    // Each becomes the mean of both, (325, 200): √(25² + 200²) = 201.556 away, so 100 of that much of (25, 200)
    const specs = { preAggregators: [{ name: 'nnm', f: 0 } as const], aggregator: once }
    const updates = [
      [300, 400],
      [350, 0],
    ]
    const far = Math.hypot(25, 200)
    expectNear(await exact(specs, updates, { previous }), [300 + 2500 / far, 20_000 / far])
  })

  it('refuses a beginning of another model', async () => {
    const wrong = exact({ aggregator: once }, nine, { previous: Float32Array.of(1) })
    await expect(wrong).rejects.toMatchObject({ code: 'bad-arguments' })
  })
})

it('the geometric median weighs by examples', async () => {
  // Of points on a line it is the weighted median.
  expect(
    (await exact({ aggregator: { name: 'geometric-median' } }, [[0], [1], [10]], { weights: [1, 1, 5] }))[0],
  ).toBeCloseTo(10, 4)
})

it('every rule that holds all updates says so when they are too many for the server', async () => {
  const median = makePolicy(aggregators, { name: 'median' })
  const source = (maxHeldBytes: number) => updateSourceOf(three, { maxHeldBytes })
  // 3 updates of 3 float32
  expect([...(await median.aggregate(source(36)))]).toEqual([4, 5, 6])
  await expect(median.aggregate(source(35))).rejects.toMatchObject({ name: 'AggregationError', code: 'too-large' })
})

it.each([
  ['mean', 256, 'where they lie'],
  ['mean', 257, 'in memory'],
  ['geometric-median', 256, 'where they lie'],
  ['geometric-median', 257, 'in memory'],
] as const)('a %s has its %i updates %s, so that no more files are open at once', async (name, count, where) => {
  const rows = Array.from({ length: count }, (_, i) => [i])
  let numOpened = 0
  const openRows = async () => {
    numOpened += 1
    const values = rowsOf(rows.map((row) => Float32Array.from(row)))
    return { rows: values, facts: await factsIn(updateSourceOf(rows)), close: () => Promise.resolve() }
  }
  const rule = makePolicy(aggregators, { name })
  const found = await rule.aggregate({ ...updateSourceOf(rows), openRows }, { engine: makeWasmEngine() })
  expect(found[0]).toBeCloseTo((count - 1) / 2, 3) // of so many at equal distances it is mean and median
  expect(numOpened).toBe(where === 'in memory' ? 0 : 1)
})

it('updates for whose files there is no handle left are held, where there is room', async () => {
  const openRows = () => Promise.reject(Object.assign(new Error('too many open files'), { code: 'EMFILE' }))
  const median = makePolicy(aggregators, { name: 'median' })
  expect([...(await median.aggregate({ ...updateSourceOf(three), openRows }))]).toEqual([4, 5, 6])
  const noRoom = { ...updateSourceOf(three, { maxHeldBytes: 35 }), openRows }
  await expect(median.aggregate(noRoom)).rejects.toMatchObject({ code: 'EMFILE' })
})

it('others have their turn after each tile', async () => {
  const median = makeAggregator({ aggregator: { name: 'median' } })
  let turns = 0
  const next = (): void => {
    turns += 1
    waiting = setImmediate(next)
  }
  let waiting = setImmediate(next)
  const wide = three.map((row) => Array.from({ length: 640 }, (_, i) => row[i % 3]!))
  // 64 params of three rows: ten tiles
  await median.aggregate(updateSourceOf(wide), { engine: makeWasmEngine({ maxTileBytes: 768 }) })
  clearImmediate(waiting)
  expect(turns).toBeGreaterThanOrEqual(10)
})

it('what is not finite abandons the round, and is no fault of the server', async () => {
  const updates = updateSourceOf([[1], [2], [NaN]])
  await expect(makeAggregator({ aggregator: { name: 'median' } }).aggregate(updates)).rejects.toMatchObject({
    name: 'AggregationError',
    code: 'out-of-range',
  })
})

it('the product engine comes to the same, to float32', async () => {
  for (const aggregator of [{ name: 'bulyan', f: 1 }, { name: 'geometric-median' }] as const) {
    const specs: Specs = { preAggregators: [{ name: 'clip' }, { name: 'nnm', f: 2 }], aggregator }
    const found = await makeAggregator(specs).aggregate(updateSourceOf(nine))
    const wanted = await exact(specs, nine)
    for (const [i, value] of wanted.entries()) expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(1e-4)
  }
})
