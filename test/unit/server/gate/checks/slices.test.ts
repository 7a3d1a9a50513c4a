import { describe, expect, it } from '@jest/globals'
import { makeRng, uniformInt } from '@panal/client-core'
import type { Predictions, SegmentColumn } from '@panal/server'
import { slices } from '../../../../../server/src/gate/checks/slices.ts'
import { splitInHalf } from '../../../../../server/src/gate/discover-slices.ts'
import { evaluationOf, examplesOf, predictions } from '../../../../fixtures/gate-evaluation.ts'

const column = (name: string, cardinality: number, codes: Int32Array): SegmentColumn => ({
  name,
  values: Array.from({ length: cardinality }, (_, code) => String(code)),
  codes,
})

interface World {
  readonly champion: Predictions
  readonly candidate: Predictions
  readonly columns: readonly SegmentColumn[]
}

/** Two models that are right in 90 % each; on home=1, job=1 (a sixth) the candidate is right in `there` only. */
function world(n: number, there: number, seed = 'slices'): World {
  const rng = makeRng(seed)
  const home = Int32Array.from({ length: n }, () => uniformInt(rng, 2))
  const job = Int32Array.from({ length: n }, () => uniformInt(rng, 3))
  const answers = (rightIn: (row: number) => number) =>
    predictions(Array.from({ length: n }, (_, row) => (rng.uniform() < rightIn(row) ? 0.9 : 0.2)))
  return {
    champion: answers(() => 0.9),
    candidate: answers((row) => (home[row] === 1 && job[row] === 1 ? there : 0.9)),
    columns: [column('home', 2, home), column('job', 3, job)],
  }
}

const judge = ({ champion, candidate, columns }: World, more: { clusters?: Int32Array } = {}, options = {}) =>
  slices.make(options).judge(
    evaluationOf({
      candidate: { onGate: candidate },
      champion: { onGate: champion },
      columns,
      ...(more.clusters && { examples: { gate: { clusters: more.clusters } } }),
    }),
  )

describe('slices', () => {
  it('names the part that nobody named, where the other half confirms it', async () => {
    const result = await judge(world(4000, 0.7))
    expect(result.verdict).toBe('BLOCK')
    const row = result.rows.find(({ segment }) => segment === 'home=1, job=1')!
    expect(row).toMatchObject({ verdict: 'BLOCK', test: 'one-sided McNemar mid-p, Holm', margin: 0.05 })
    // 20 points worse on half of a sixth of 4000 examples.
    expect(Math.abs(row.estimate! + 0.2)).toBeLessThan(0.08)
    expect(Math.abs(row.n! - 333)).toBeLessThan(60)
    expect(row.adjustedP).toBeLessThan(0.001)
    expect(row.samples).toEqual({
      set: 'gate',
      where: [
        { column: 'home', value: '1' },
        { column: 'job', value: '1' },
      ],
      order: 'regression',
    })
    expect(result.reason).toMatch(/^Worse on .*home=1, job=1/)
    expect(result.figures).toEqual([expect.objectContaining({ kind: 'forest', margin: 0.05 })])
  })
  it('passes a model that is no worse anywhere, and still lists what looked worst', async () => {
    const { verdict, rows, reason } = await judge(world(4000, 0.9, 'h1'))
    expect(verdict).toBe('PASS')
    expect(reason).toContain('confirms none')
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.every((row) => row.verdict !== 'BLOCK')).toBe(true)
  })
  it('says aloud that it did not look at all slices, and is no pass then', async () => {
    const n = 2000
    const { champion, candidate } = world(n, 0.9)
    const rng = makeRng('columns')
    // 30 values alone, and 405 pairs of two columns with two values each: 60 + 1,740 slices
    const columns = Array.from({ length: 30 }, (_, c) =>
      column(
        `c${c}`,
        2,
        Int32Array.from({ length: n }, () => uniformInt(rng, 2)),
      ),
    )
    const cut = await judge({ champion, candidate, columns }, {}, { maxSlices: 1000, maxLevel: 2 })
    expect(cut.verdict).toBe('NOT_ENOUGH_DATA')
    expect(cut.reason).toMatch(/^Sought among the first \d+ slices only: not all of 2 columns were looked at/)
    expect(cut.rows.at(-1)).toMatchObject({ metric: 'slices searched', verdict: 'NOT_ENOUGH_DATA', reason: cut.reason })
    const whole = await judge({ champion, candidate, columns }, {}, { maxSlices: 2000, maxLevel: 2 })
    expect(whole.verdict).toBe('PASS')
    expect(whole.rows.map(({ metric }) => metric)).not.toContain('slices searched')
  })
  it('blocks by what it has found, looked at everything or not', async () => {
    const n = 4000
    const { champion, candidate, columns } = world(n, 0.6)
    const rng = makeRng('columns')
    const others = Array.from({ length: 30 }, (_, c) =>
      column(
        `c${c}`,
        2,
        Int32Array.from({ length: n }, () => uniformInt(rng, 2)),
      ),
    )
    const cut = await judge({ champion, candidate, columns: [...columns, ...others] }, {}, { maxSlices: 1000 })
    expect(cut.verdict).toBe('BLOCK')
    expect(cut.rows.at(-1)).toMatchObject({ metric: 'slices searched', verdict: 'NOT_ENOUGH_DATA' })
  })
  it('looks at no more slices than k, and needs an effect', async () => {
    const worse = world(4000, 0.7)
    expect((await judge(worse, {}, { k: 1 })).rows).toHaveLength(1)
    // Surely worse, and by less than half: weak evidence of what would matter.
    expect((await judge(worse, {}, { effect: 0.5 })).verdict).toBe('WARN')
  })
  it('cannot tell by a handful', async () => {
    const { verdict, reason } = await judge(world(50, 0.2))
    expect(verdict).toBe('NOT_ENOUGH_DATA')
    expect(reason).toMatch(/a slice of 30/)
    expect((await judge(world(600, 0.2), {}, { minExamples: 250 })).verdict).toBe('NOT_ENOUGH_DATA')
  })
  it('needs other examples of the same slice, and says how many there are', async () => {
    const { rows } = await judge(world(900, 0.2), {}, { minExamples: 100 })
    expect(rows.find(({ segment }) => segment === 'home=1, job=1')).toMatchObject({
      verdict: 'NOT_ENOUGH_DATA',
      reason: expect.stringMatching(/^Only \d+ examples in the half that confirms, and 100 are needed/),
    })
  })
  it('by clients where there are clients: one of them cannot condemn a model', async () => {
    const n = 3000
    const { champion, columns } = world(n, 0.9)
    // Client 0 has half of the examples of the slice, and the candidate is wrong about every one of them.
    const [home, job] = columns.map(({ codes }) => codes)
    const inSlice = Int32Array.from({ length: n }, (_, row) => Number(home![row] === 1 && job![row] === 1))
    const clusters = inSlice.map((isIn, row) => (isIn === 1 && row % 2 === 0 ? 0 : 1 + (row % 60)))
    const candidate = {
      ...champion,
      probabilities: champion.probabilities.map((p, i) => (clusters[i >> 1] === 0 ? 1 - p : p)),
    }
    const byExamples = await judge({ champion, candidate, columns })
    const byClients = await judge({ champion, candidate, columns }, { clusters })
    expect(byExamples.verdict).toBe('BLOCK')
    expect(byClients.verdict).not.toBe('BLOCK')
  })
  it('does not search the true class unless asked: to move a threshold is to trade one class for the other', async () => {
    // Right on all of class 1 and half of class 0, where the champion is right on half of class 1 and all of class 0.
    const n = 400
    const half = (favoured: number) =>
      predictions(Array.from({ length: n }, (_, row) => (row % 2 === favoured || row % 4 < 2 ? 0.9 : 0.2)))
    const label = column('label', 2, half(1).labels)
    const judged = (columns: readonly SegmentColumn[], options = {}) =>
      judge({ champion: half(0), candidate: half(1), columns }, {}, options)
    const home = column('home', 1, new Int32Array(n))
    expect((await judged([label, home])).verdict).toBe('PASS')
    expect(await judged([label, home], { label: true })).toMatchObject({ verdict: 'BLOCK' })
    expect(await judged([label])).toMatchObject({ verdict: 'NOT_APPLICABLE', rows: [] })
  })
  it('has a client in the same half whoever else is in the set, and in halves that the seed decides', () => {
    const names = Array.from({ length: 40 }, (_, i) => `client ${String(i).padStart(2, '0')}`)
    const halfOf = (clients: readonly string[], seed = 'a'): Map<string, boolean> => {
      const clusters = Int32Array.from(clients.keys())
      const examples = { ...examplesOf(new Int32Array(clients.length)), clusters, clusterIds: clients }
      const { discovery, confirmation } = splitInHalf(examples, seed)
      expect(discovery.length + confirmation.length).toBe(clients.length)
      return new Map(clients.map((name, i) => [name, discovery.includes(i)]))
    }
    const all = halfOf(names)
    // Numbers are places in the sorted list, which move when a client leaves.
    for (const [name, isFirst] of halfOf(names.slice(7))) expect([name, all.get(name)]).toEqual([name, isFirst])
    expect(new Set(all.values()).size).toBe(2)
    expect([...halfOf(names, 'b')]).not.toEqual([...all])
  })
  it('has nothing to compare a first model with', async () => {
    const { candidate, columns } = world(100, 0.9)
    const first = evaluationOf({ candidate: { onGate: candidate }, columns })
    expect((await slices.make({}).judge(first)).verdict).toBe('NOT_APPLICABLE')
  })
  it('finds nothing where no loss rose', async () => {
    const { champion, columns } = world(400, 0.9)
    const { verdict, rows } = await judge({ champion, candidate: champion, columns })
    expect([verdict, rows]).toEqual(['PASS', []])
  })
})
