import { describe, expect, it } from '@jest/globals'
import type { JudgedPopulation } from '@panal/server'
import { masking } from '../../../../../server/src/gate/checks/masking.ts'
import { evaluationOf, examplesOf, predictions } from '../../../../fixtures/gate-evaluation.ts'

type Options = Parameters<typeof masking.make>[0]

describe('masking on one set', () => {
  /** 500 examples in each of two strata: on these the candidate is wrong, on those the champion was. */
  const judge = (
    isWrong: (i: number) => boolean,
    wasWrong: (i: number) => boolean,
    { n = 1000, codes = Array.from({ length: n }, (_, i) => i % 2), segments = ['home'] } = {},
  ) =>
    masking.make({}).judge(
      evaluationOf({
        candidate: { onGate: predictions(Array.from({ length: n }, (_, i) => (isWrong(i) ? 0.2 : 0.8))) },
        champion: { onGate: predictions(Array.from({ length: n }, (_, i) => (wasWrong(i) ? 0.2 : 0.8))) },
        document: { segments },
        columns: [{ name: 'home', values: ['own', 'rent'], codes: Int32Array.from(codes) }],
      }),
    )

  it('warns where a stratum falls by what another gains: the whole is as good as it was', async () => {
    // rent loses 30 of 500 (−6 points), own wins 30
    const result = await judge(
      (i) => i % 2 === 1 && i < 60,
      (i) => i % 2 === 0 && i < 60,
    )
    expect(result.verdict).toBe('WARN')
    expect(result.reason).toMatch(/^Masked: accuracy in home=rent changed by -6\.00 points/)
    expect(result.rows[0]).toMatchObject({ segment: 'home=rent', estimate: -0.06, n: 500 })
  })
  it('passes where nothing falls, and where the whole falls openly', async () => {
    expect(
      (
        await judge(
          () => false,
          () => false,
        )
      ).verdict,
    ).toBe('PASS')
    const open = await judge(
      (i) => i < 80,
      () => false,
    )
    expect(open.verdict).toBe('PASS')
    expect(open.rows[0]?.reason).toMatch(/^Nothing is hidden/)
  })
  it('does not warn of a fall that does not matter, or of one by chance', async () => {
    // 4 of 500: .8 points
    const small = await judge(
      (i) => i % 2 === 1 && i < 8,
      (i) => i % 2 === 0 && i < 8,
    )
    expect(small.verdict).toBe('PASS')
  })
  it('lists strata that are too small, and does not hold for them', async () => {
    const result = await judge(
      () => false,
      () => false,
      { n: 20 },
    )
    expect(result.verdict).toBe('PASS')
    expect(result.rows[0]?.verdict).toBe('NOT_ENOUGH_DATA')
  })
  it('looks at pairs of the declared columns, too', async () => {
    const result = await judge(
      () => false,
      () => false,
      { segments: ['home', 'label'] },
    )
    expect(result.rows.map(({ metric }) => metric).slice(0, 3)).toEqual([
      'accuracy by home',
      'accuracy by label',
      'accuracy by home × label',
    ])
  })
  it('corrects for how many stratifiers it scans: what one alone would show, three do not', async () => {
    // Simes over two strata and Holm over three: p of 7 lost and none won is 2⁻⁷/2 = .0039 → ·2 = .0078 → ·3 = .0234
    const seven = (i: number) => i % 2 === 1 && i < 14
    const won = (i: number) => i % 2 === 0 && i < 14
    const one = await judge(seven, won)
    expect(one.rows[0]?.p).toBeCloseTo(2 ** -7, 12)
    expect(one.rows[0]?.adjustedP).toBeCloseTo(2 ** -7, 12)
    const three = await judge(seven, won, { segments: ['home', 'label'] })
    expect(three.rows[0]?.adjustedP).toBeGreaterThan(2 ** -7)
  })
  it('sees an area that reverses: better in each stratum, worse on the whole', async () => {
    // Stratum own: no .1 .2, yes .3 .4; stratum rent: no .6 .7, yes .8 .9. Ranked rightly within each: 1, and .75 in all.
    // The champion ranks one of four pairs of each stratum wrongly (.75 each), and all strata alike: .75 in all.
    const scores = { own: { no: [0.1, 0.2], yes: [0.3, 0.4] }, rent: { no: [0.6, 0.7], yes: [0.8, 0.9] } }
    const champion = { no: [0.2, 0.5], yes: [0.4, 0.9] }
    const rows = Array.from({ length: 200 }, (_, i) => {
      const home = i % 2 === 0 ? ('own' as const) : ('rent' as const)
      const label = i % 4 < 2 ? 0 : 1
      const pick = (of: { no: number[]; yes: number[] }) => (label === 1 ? of.yes : of.no)[(i >> 2) % 2]!
      return { code: i % 2, label, own: pick(scores[home]), was: pick(champion) }
    })
    const answers = (of: 'own' | 'was') =>
      predictions(
        rows.map((row) => (row.label === 1 ? row[of] : 1 - row[of])),
        rows.map(({ label }) => label),
      )
    const result = await masking.make({}).judge(
      evaluationOf({
        candidate: { onGate: answers('own') },
        champion: { onGate: answers('was') },
        document: { segments: ['home'] },
        columns: [{ name: 'home', values: ['own', 'rent'], codes: Int32Array.from(rows, ({ code }) => code) }],
      }),
    )
    const row = result.rows.find(({ metric }) => metric === 'AUC by home')
    // within: 1 − .75; on the whole: .75 − .75 … the champion has .75 in all as well: no reversal of signs
    expect(row?.estimate).toBeCloseTo(0.25, 9)
    expect(row?.reason).toContain('+0.2500 within strata and 0.0000 on the whole')
  })
})

/** Right answers of n by stratum, as a population. */
function population(strata: Readonly<Record<string, readonly [right: number, n: number]>>): JudgedPopulation {
  const names = Object.keys(strata)
  const rows = names.flatMap((name, code) => {
    const [right, n] = strata[name]!
    return Array.from({ length: n }, (_, i) => ({ code, p: i < right ? 0.8 : 0.2 }))
  })
  const answers = predictions(rows.map(({ p }) => p))
  const columns = [
    { name: 'size', values: names, codes: Int32Array.from(rows, ({ code }) => code) },
    // Says nothing of the size: red and blue by turns.
    { name: 'colour', values: ['red', 'blue'], codes: Int32Array.from(rows, (_, i) => i % 2) },
  ]
  return { predictions: answers, examples: examplesOf(answers.labels, { columns }) }
}
const compare = (
  candidate: Parameters<typeof population>[0],
  champion: Parameters<typeof population>[0],
  { segments = ['size'], ...options }: Options & { segments?: string[] } = {},
) => {
  const own = population(candidate)
  return masking.make(options).judge(
    evaluationOf({
      candidate: { onGate: own.predictions },
      champion: { elsewhere: population(champion) },
      document: { segments },
      columns: own.examples.segments.slice(1),
    }),
  )
}

describe('masking where the champion was measured elsewhere', () => {
  // Kidney stones, treatment A against B: .78 and .826 in total, better by 5.4 points (se 3.4) for the same mix.
  it('does not block a fall of the total that reverses within strata: the kidney stones', async () => {
    const result = await compare({ small: [81, 87], large: [192, 263] }, { small: [234, 270], large: [55, 80] })
    expect(result.verdict).toBe('WARN')
    expect(result.rows[0]?.estimate).toBeCloseTo(0.053671, 6)
    expect(result.reason).toMatch(/^REVERSAL_WEAK, MIX_SHIFT: accuracy/)
    expect(result.reason).toContain('in total -4.57 points')
  })
  it('does not block what the mix alone explains', async () => {
    // As good in each stratum; nine in ten are hard cases now, one in ten was: .58 against .82 in total.
    const result = await compare({ easy: [850, 1000], hard: [4950, 9000] }, { easy: [7650, 9000], hard: [550, 1000] })
    expect(result.verdict).toBe('WARN')
    expect(result.rows[0]?.estimate).toBeCloseTo(0, 12)
    expect(result.reason).toContain('MIX_SHIFT')
  })
  it('says that examples are too few, also of a change of mix: this excludes no harm', async () => {
    const result = await compare({ easy: [85, 100], hard: [495, 900] }, { easy: [765, 900], hard: [55, 100] })
    expect(result.verdict).toBe('NOT_ENOUGH_DATA')
    expect(result.reason).toContain('MIX_SHIFT')
  })
  it('does not block it through another column, which explains none of it', async () => {
    const result = await compare(
      { easy: [850, 1000], hard: [4950, 9000] },
      { easy: [7650, 9000], hard: [550, 1000] },
      { segments: ['colour', 'size'] },
    )
    expect(result.verdict).toBe('WARN')
    const [colour, size] = result.rows
    // Adjusted for colour alone the fall of the total stays: .58 against .82.
    expect(colour).toMatchObject({ metric: 'accuracy, adjusted for colour', estimate: expect.closeTo(-0.24, 6) })
    expect(colour?.verdict).not.toBe('BLOCK')
    expect(colour?.reason).toContain('the mixes differ more by size, which decides')
    expect(size?.reason).not.toContain('which decides')
  })
  it('blocks what the mix hides: worse in each stratum, and better in total', async () => {
    const result = await compare({ easy: [720, 900], hard: [40, 100] }, { easy: [90, 100], hard: [450, 900] })
    expect(result.verdict).toBe('BLOCK')
    expect(result.rows[0]?.estimate).toBeLessThan(-0.05)
    expect(result.reason).toContain('in total +')
    const among = await compare(
      { easy: [720, 900], hard: [40, 100] },
      { easy: [90, 100], hard: [450, 900] },
      { segments: ['colour', 'size'] },
    )
    expect(among.verdict).toBe('BLOCK')
    expect(among.reason).toContain('adjusted for size')
  })
  it('passes a model that is as good, and the mix the same', async () => {
    const same = { easy: [4500, 5000], hard: [3500, 5000] } as const
    expect((await compare(same, same)).verdict).toBe('PASS')
  })
  it('cannot tell with few examples', async () => {
    expect((await compare({ easy: [8, 10] }, { easy: [9, 10] })).verdict).toBe('NOT_ENOUGH_DATA')
  })
  it('lists strata that one of them never saw, and compares totals where the task declares none', async () => {
    const result = await compare({ easy: [900, 1000], new: [5, 10] }, { easy: [900, 1000] })
    expect(result.rows[0]?.reason).toContain('not in both: size=new')
    const plain = await compare({ easy: [800, 1000] }, { easy: [900, 1000] }, { segments: [] })
    expect(plain).toMatchObject({ verdict: 'BLOCK', rows: [{ metric: 'accuracy, adjusted for nothing' }] })
  })
})
