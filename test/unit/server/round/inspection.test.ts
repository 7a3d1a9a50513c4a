import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
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
    // of six: .5 .52 .54 .56 .58 .75: median .55, deviations .05 .03 .01 .01 .03 .2, their median .03
    expect(one.suspicion).toBeCloseTo(0.2 / (1.4826 * 0.03), 9)
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
  expect(inspect(['a', 'b', 'c'].map((name) => record(name))).map(({ suspicion }) => suspicion)).toEqual([0, 0, 0])
})

it('of a round of before that was kept goes by the norms alone', () => {
  const old = honest.map(({ cosine: _c, distance: _d, distanceRank: _r, ...rest }) => rest)
  expect(inspect([...old, { ...old[0]!, deviceId: 'x', norm: 50 }])[0]).toMatchObject({ deviceId: 'x', cosine: null })
})

it('has few of many honest ones over 3', () => {
  // three scores of normal deviates: 2·Φ(−3) + 2·(1 − Φ(3)) ≈ 0.54 %; over 1 % of 2,000 has probability below 0.01 (Poisson 10.8)
  const rng = makeRng('honest')
  const many = Array.from({ length: 2000 }, (_, i) =>
    record(`d${i}`, {
      norm: Math.exp(rng.normal() / 10),
      cosine: 0.5 + rng.normal() / 10,
      distance: 5 + rng.normal(),
    }),
  )
  expect(inspect(many).filter(({ suspicion }) => suspicion! > 3).length).toBeLessThan(20)
})

it('compares two vectors', async () => {
  expect(await compareVectors(Float32Array.of(3, 4), Float32Array.of(3, 0))).toEqual({
    norm: 5,
    otherNorm: 3,
    distance: 4,
    cosine: 0.6, // 9 / 15
  })
})
