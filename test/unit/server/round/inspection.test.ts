import { describe, expect, it } from '@jest/globals'
import { makeRng, type Rng } from '@panal/client-core'
import type { UpdateRecord } from '@panal/server'
import { inspect } from '../../../../server/src/round/inspection.ts'
import { compareVectors } from '../../../../server/src/round/likeness.ts'

const record = (deviceId: string, changes: Partial<UpdateRecord> = {}): UpdateRecord => ({
  taskId: 'digits',
  roundNumber: 1,
  deviceId,
  sha256: 'a'.repeat(64),
  bytes: 16,
  numExamples: 10,
  weight: 10,
  norm: 1,
  verdict: 'accepted',
  receivedAt: 0,
  cosine: 0.9,
  distance: 0.5,
  distanceRank: 1,
  ...changes,
})
const honest = ['a', 'b', 'c', 'd', 'e'].map((name, i) =>
  record(name, { norm: 1 + i / 50, cosine: 0.9 - i / 50, distance: 0.5 + i / 50 }),
)
const first = (changes: Partial<UpdateRecord>) => inspect([...honest, record('x', changes)])[0]!

describe('the most suspicious comes first', () => {
  it.each<[string, Partial<UpdateRecord>]>([
    ['one that points the other way', { cosine: -0.9 }],
    ['one that is a hundred times as long', { norm: 100 }],
    ['one that is a hundredth as long', { norm: 0.01 }],
    ['one that is far from what they came to', { distance: 3 }],
  ])('%s', (_, changes) => {
    const found = first(changes)
    expect(found.deviceId).toBe('x')
    expect(found.suspicion).toBeGreaterThan(10)
  })

  it('measures in robust standard deviations', () => {
    // distances .5 .52 .54 .56 .58: median .54, deviations .04 .02 0 .02 .04, their median .02
    const [, , , nearest] = inspect([...honest, record('x', { norm: 1.04, cosine: 0.86, distance: 0.54 + 0.2 })])
    expect(nearest!.suspicion).toBeLessThan(2)
    const one = first({ norm: 1.04, cosine: 0.86, distance: 0.55 + 0.2 })
    // of six: .5 .52 .54 .56 .58 .75: median .55, deviations .05 .03 .01 .01 .03 .2, their median .03; six values exceed by exp(6.4 / 6)
    expect(one.suspicion).toBeCloseTo(0.2 / (1.4826 * 0.03) / Math.exp(6.4 / 6), 9)
  })
})

it('knows no more of refused updates than that they were refused: they come last', () => {
  const refused = record('r', { verdict: 'norm-too-large', norm: 0 })
  delete (refused as { cosine?: number }).cosine
  delete (refused as { distance?: number }).distance
  const found = inspect([refused, ...honest])
  expect(found.at(-1)).toMatchObject({ deviceId: 'r', verdict: 'norm-too-large', suspicion: null, cosine: null })
})

it('suspects nobody where all are the same', () => {
  const same = ['a', 'b', 'c', 'd', 'e'].map((name) => record(name))
  expect(inspect(same).map(({ suspicion }) => suspicion)).toEqual([0, 0, 0, 0, 0])
})

it('says nothing of fewer than four, and those that were refused still come last', () => {
  const refused = record('0', { verdict: 'norm-too-large' })
  const found = inspect([refused, ...honest.slice(0, 2), record('x', { norm: 100 })])
  expect(found.map(({ deviceId }) => deviceId)).toEqual(['a', 'b', 'x', '0'])
  expect(found.map(({ suspicion }) => suspicion)).toEqual([null, null, null, null])
})

it('of a round of before that was kept goes by the norms alone', () => {
  const old = honest.map(({ cosine: _c, distance: _d, distanceRank: _r, ...rest }) => rest)
  expect(inspect([...old, { ...old[0]!, deviceId: 'x', norm: 50 }])[0]).toMatchObject({ deviceId: 'x', cosine: null })
})

const honestRound = (size: number, spread: number, rng: Rng): UpdateRecord[] =>
  Array.from({ length: size }, (_, i) =>
    record(`d${i}`, {
      norm: Math.exp(spread * rng.normal()),
      cosine: 0.5 + spread * rng.normal(),
      distance: 5 + 5 * spread * rng.normal(),
    }),
  )

it.each([4, 5, 6, 7, 10, 20, 50, 100, 1000])('about 1 honest update in 185 is over 3 in rounds of %d', (size) => {
  // 108 of 20,000 expected, with a standard deviation of at most 14, as measured: those of a round depend on each other.
  // A share outside of 1/400 and 1/90, which are 50 and 222, is over four of them away.
  const rng = makeRng(`honest ${size}`)
  const rounds = Array.from({ length: 20_000 / size }, () => inspect(honestRound(size, 1 / 4, rng)))
  const updates = rounds.flat()
  const share = updates.filter(({ suspicion }) => suspicion! > 3).length / updates.length
  expect(share).toBeGreaterThan(1 / 400)
  expect(share).toBeLessThan(1 / 90)
})

it.each([10, 20, 50, 100, 1000])('of %d, one that is a hundred times as long comes first, far over 3', (size) => {
  // ln 100 is 46 standard deviations of the honest ones
  const rng = makeRng(`attacker ${size}`)
  for (let i = 0; i < 20; i++) {
    const [first] = inspect([...honestRound(size - 1, 1 / 10, rng), record('x', { norm: 100 })])
    expect(first!.deviceId).toBe('x')
    expect(first!.suspicion).toBeGreaterThan(6)
  }
})

it('compares two vectors', async () => {
  expect(await compareVectors(Float32Array.of(3, 4), Float32Array.of(3, 0))).toEqual({
    norm: 5,
    otherNorm: 3,
    distance: 4,
    cosine: 0.6, // 9 / 15
  })
})
