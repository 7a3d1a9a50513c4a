import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import type { SegmentSpec } from '@panal/server'
import { segments } from '../../../../../server/src/gate/checks/segments.ts'
import { evaluationOf, modelAnswers, predictions, shiftedAnswers } from '../../../../fixtures/gate-evaluation.ts'

/** Segment columns for n examples whose codes are given. */
const home = (codes: ArrayLike<number>) => [
  { name: 'home', values: ['own', 'rent', 'tent'], codes: Int32Array.from(codes) },
]
const judge = (
  of: { candidate: ArrayLike<number>; champion: ArrayLike<number>; codes: ArrayLike<number> },
  {
    specs = ['home'] as SegmentSpec[],
    ...options
  }: Parameters<typeof segments.make>[0] & { specs?: SegmentSpec[] } = {},
) =>
  segments.make(options).judge(
    evaluationOf({
      candidate: { onGate: predictions(of.candidate) },
      champion: { onGate: predictions(of.champion) },
      document: { segments: specs },
      columns: home(of.codes),
    }),
  )
const verdictsOf = ({ rows }: Awaited<ReturnType<typeof judge>>) =>
  rows.filter(({ metric }) => metric.startsWith('accuracy')).map(({ segment, verdict }) => [segment, verdict])

const n = 1000
const champion = modelAnswers(n, makeRng(1))
/** 100 examples rent, the others own, nobody lives in a tent. */
const codes = Array.from({ length: n }, (_, i) => (i % 10 === 0 ? 1 : 0))
const jittered = shiftedAnswers(champion, 0, 0.02, makeRng(2))
/** Fails on those who rent: a fall of some 60 points there, of 6 on the whole. */
const failing = jittered.map((p, i) => (codes[i] === 1 && i % 30 !== 0 ? Math.min(p, 0.2) : p))

describe('segments', () => {
  it('do not apply without any, or without a champion', async () => {
    const all = { candidate: jittered, champion, codes }
    expect((await judge(all, { specs: [] })).verdict).toBe('NOT_APPLICABLE')
    const first = segments
      .make({})
      .judge(evaluationOf({ candidate: {}, document: { segments: ['home'] }, columns: home([0, 1, 0, 1]) }))
    expect((await first).verdict).toBe('NOT_APPLICABLE')
  })
  it('pass a model that is as good everywhere; an empty segment is listed', async () => {
    // 100 who rent show a fall by 15 points, and not one by 10.
    const result = await judge({ candidate: jittered, champion, codes }, { detectable: 0.15 })
    expect(result.verdict).toBe('PASS')
    expect(verdictsOf(result)[2]).toEqual(['home=tent', 'NOT_ENOUGH_DATA'])
    expect(result.reason).toContain('1 segment of 3 have too few examples')
  })
  it('block one that fails in a segment of a tenth, and say which examples', async () => {
    const result = await judge({ candidate: failing, champion, codes })
    expect(result.verdict).toBe('BLOCK')
    expect(result.reason).toMatch(/^Segment home=rent: worse beyond chance/)
    const row = result.rows.find(({ segment }) => segment === 'home=rent')
    expect(row).toMatchObject({
      n: 100,
      verdict: 'BLOCK',
      samples: { set: 'gate', where: [{ column: 'home', value: 'rent' }], order: 'regression' },
    })
    // two segments gate, by two metrics: the smallest of four p-values counts fourfold
    expect(row?.adjustedP).toBeGreaterThanOrEqual(row?.p ?? NaN)
  })
  it('block one that is too small to be sure of finding it, where it is found all the same', async () => {
    // 40 who rent gate at no detectable fall under 30 points; nearly all of them are lost.
    const few = Array.from({ length: n }, (_, i) => (i % 25 === 0 ? 1 : 0))
    const lost = jittered.map((p, i) => (few[i] === 1 ? Math.min(p, 0.2) : p))
    const result = await judge({ candidate: lost, champion, codes: few })
    expect(result.verdict).toBe('BLOCK')
    expect(verdictsOf(result)[1]).toEqual(['home=rent', 'BLOCK'])
    const equal = await judge({ candidate: jittered, champion, codes: few })
    expect(verdictsOf(equal)[1]).toEqual(['home=rent', 'NOT_ENOUGH_DATA'])
  })
  it('never block a tiny segment: 3 of 3 lost are not enough data', async () => {
    const tiny = Array.from({ length: n }, (_, i) => (i < 3 ? 1 : 0))
    const sure = champion.map((p, i) => (i < 3 ? 0.9 : p))
    const result = await judge({ candidate: sure.map((p, i) => (i < 3 ? 0.1 : p)), champion: sure, codes: tiny })
    expect(verdictsOf(result)[1]).toEqual(['home=rent', 'NOT_ENOUGH_DATA'])
    expect(result.verdict).toBe('PASS')
  })
  it('warn where a harm is certain and too small to matter', async () => {
    // a loss that is higher by .1 nats everywhere (over a tenth of it), and answers that differ on few
    const doubting = shiftedAnswers(champion, 0.1, 0.001, makeRng(3))
    const result = await judge({ candidate: doubting, champion, codes }, { margin: 0.1 })
    expect(result.verdict).toBe('WARN')
    expect(result.reason).toContain('not by enough to block')
  })
  it('does not warn of a loss that rose everywhere by a thousandth', async () => {
    const result = await judge({ candidate: champion.map((p) => 0.999 * p), champion, codes })
    expect(result.verdict).toBe('PASS')
  })
  it('warn where no segment has examples enough', async () => {
    const few = predictions([0.9, 0.8, 0.7])
    const result = await segments.make({}).judge(
      evaluationOf({
        candidate: { onGate: few },
        champion: { onGate: few },
        document: { segments: ['home'] },
        columns: home([0, 1, 1]),
      }),
    )
    expect(result.verdict).toBe('WARN')
  })
  it('draw a forest of the segments', async () => {
    const { figures } = await judge({ candidate: failing, champion, codes })
    expect(figures).toMatchObject([
      { kind: 'forest', margin: 0.02, lines: [{ label: 'home=own' }, { label: 'home=rent' }] },
    ])
  })
})

describe('critical segments', () => {
  const critical: SegmentSpec[] = [{ columns: ['home'], critical: true }]
  it('hold where they are not shown to be no worse: an empty one cannot be', async () => {
    const result = await judge({ candidate: jittered, champion, codes }, { specs: critical })
    expect(result.verdict).toBe('NOT_ENOUGH_DATA')
    expect(result.reason).toMatch(/, which is critical: /)
  })
  it('pass where every one of them is shown to be, by Holm', async () => {
    const half = Array.from({ length: n }, (_, i) => i % 2)
    const specs: SegmentSpec[] = [{ columns: ['home', 'label'], critical: true }]
    // Without discordance z = (n m) / √(n m (1 − m)): 500 examples and m = .02 give 3.19, p = .0007 each
    const same = { candidate: champion.map((p) => p * 0.999), champion, codes: half }
    expect((await judge(same, { specs })).verdict).toBe('PASS')
    // 135 examples are the fewest at 5 %, one alone: z²(1 − m)/m = 132.6. Of two, Holm asks the better for 2.5 %.
    const some = Array.from({ length: n }, (_, i) => (i < 135 ? 0 : i < 270 ? 1 : -1))
    const result = await judge({ ...same, codes: some }, { specs: [{ columns: ['home', 'label'], critical: true }] })
    expect(result.verdict).toBe('NOT_ENOUGH_DATA')
  })
  it('hold where they are worse beyond chance and perhaps not by the margin: a worse model gets no milder verdict', async () => {
    // Of 2,000 examples 70 are lost and 35 won: −1.75 points, and the interval reaches −2.6.
    const answers = (isWrong: (i: number) => boolean) =>
      Array.from({ length: 2000 }, (_, i) => (isWrong(i) ? 0.1 : 0.9))
    const result = await judge(
      {
        candidate: answers((i) => i < 70),
        champion: answers((i) => i >= 500 && i < 535),
        codes: new Int32Array(2000),
      },
      { specs: critical },
    )
    const [own] = result.rows
    expect(own).toMatchObject({ segment: 'home=own', n: 2000, estimate: -0.0175, verdict: 'NOT_ENOUGH_DATA' })
    expect(own?.interval?.[1]).toBeLessThan(0)
    expect(own?.interval?.[0]).toBeLessThan(-0.02)
    expect(own?.reason).toMatch(/^Worse beyond chance, and not shown to be within the margin/)
    expect(result.verdict).toBe('NOT_ENOUGH_DATA')
  })
  it('block as the others do', async () => {
    expect((await judge({ candidate: failing, champion, codes }, { specs: critical })).verdict).toBe('BLOCK')
  })
})
