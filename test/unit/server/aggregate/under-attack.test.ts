import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { makeAggregator } from '@panal/server'
import { updateSourceOf } from '../../../fixtures/update-source.ts'

type Specs = Parameters<typeof makeAggregator>[0]

const [size, numHonest, f] = [20, 12, 3]
const rng = makeRng('under attack')

/** Each 0.1 · √20 = 0.45 from where all would go, which is √20 = 4.5 from where they begin. */
const honest = Array.from({ length: numHonest }, () => Array.from({ length: size }, () => 1 + 0.1 * rng.normal()))
const honestMean = Array.from({ length: size }, (_, p) => honest.reduce((sum, row) => sum + row[p]!, 0) / numHonest)

/** What three who know the honest mean may send. The plain mean fails under each: it is off by a fifth of what they are. */
const attacks: Readonly<Record<string, (attacker: number) => number[]>> = {
  'sign flip': () => honestMean.map((x) => -10 * x),
  'scaling by 100': (attacker) => honest[attacker]!.map((x) => 100 * x),
  Gaussian: () => honestMean.map(() => 30 * rng.normal()),
  'copies of one far away': () => honestMean.map((_, p) => (p === 0 ? 1000 : 1)),
  'inner product (IPM), ε = 2': () => honestMean.map((x) => -2 * x),
}

/** What the server has learnt itself, from examples of its own. */
const rootRng = makeRng('root set')
const root = Float32Array.from({ length: size }, () => 1 + 0.1 * rootRng.normal())

const trimmed = { name: 'trimmed-mean', f } as const
const rules: readonly Specs[] = [
  { aggregator: { name: 'median' } },
  { aggregator: trimmed },
  { aggregator: { name: 'krum', f } },
  { aggregator: { name: 'multi-krum', f } },
  { aggregator: { name: 'bulyan', f } },
  { aggregator: { name: 'geometric-median' } },
  // Of three that are cut at 1, twelve that are not hold the sum at 3 / 12.
  { aggregator: { name: 'centred-clipping', tau: 1, steps: 30 } },
  { preAggregators: [{ name: 'clip' }, { name: 'nnm', f }], aggregator: trimmed },
  { aggregator: { name: 'fltrust' } },
]

async function offBy(specs: Specs, attack: (attacker: number) => number[]): Promise<number> {
  const sent = [...honest, ...Array.from({ length: f }, (_, attacker) => attack(attacker))]
  const found = await makeAggregator(specs).aggregate(updateSourceOf(sent), { rootDelta: async () => root })
  return Math.hypot(...found.map((x, p) => x - honestMean[p]!))
}

describe.each(Object.entries(attacks))('under %s', (_, attack) => {
  it('the mean leaves the honest updates', async () => {
    expect(await offBy({ aggregator: { name: 'mean' } }, attack)).toBeGreaterThan(2)
  })

  it.each(rules)('%j stays among them', async (specs) => {
    expect(await offBy(specs, attack)).toBeLessThan(0.6)
  })
})
