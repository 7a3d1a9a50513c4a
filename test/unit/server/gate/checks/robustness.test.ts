import { describe, expect, it } from '@jest/globals'
import type { Predictions, TaskDocument, Variation } from '@panal/server'
import { robustness } from '../../../../../server/src/gate/checks/robustness.ts'
import {
  evaluationOf,
  gateDocument,
  predictions,
  rowOf,
  varied,
  type EvaluationParts,
} from '../../../../fixtures/gate-evaluation.ts'
import { imageSchema, tableSchema } from '../../../../fixtures/varying-examples.ts'

const document: Partial<TaskDocument> = { data: tableSchema, seed: 7 }
const noise = (severity: 1 | 2 | 3 | 4 | 5) => ({ name: 'noise', severity }) as const
/** n answers, right but for those in [from, to). */
const wrongIn = (from: number, to: number, n = 1000): Predictions =>
  predictions(Array.from({ length: n }, (_, i) => (i >= from && i < to ? 0.2 : 0.8)))

/** Both are wrong on the first 50 of 1000; under a variation each on so many more, the candidate's first. */
function shown(more: { candidate: number; champion: number }, parts: Partial<EvaluationParts> = {}) {
  const asked: Variation[] = []
  const model = (numMore: number) => ({
    onGate: wrongIn(0, 50),
    under: (variation: Variation) => {
      asked.push(variation)
      return varied(wrongIn(0, 50 + numMore))
    },
  })
  const evaluation = evaluationOf({
    document,
    candidate: model(more.candidate),
    champion: model(more.champion),
    ...parts,
  })
  return { evaluation, asked }
}
const one = robustness.make({ variations: [noise(3)] })

describe('robustness', () => {
  it('is the difference of what a variation takes from two accuracies, paired', async () => {
    const { evaluation, asked } = shown({ candidate: 60, champion: 50 })
    const row = await rowOf(one, evaluation)
    // both lose the same 50, the candidate 10 more: −10 of 1000
    expect(row).toMatchObject({ estimate: -0.01, n: 1000, margin: 0.02, level: 0.9, verdict: 'PASS' })
    // z = 1.6449: (−10 − 1.3528) / 1002.7055 = −.011322, variance 11.3528 / 1002.7055 − .011322² = .011194
    expect(row.interval![0]).toBeCloseTo(-0.011322 - 1.644854 * Math.sqrt(0.011194 / 1002.7055), 5)
    expect(row.reason).toContain('changes 6.00 % of its answers')
    expect(row.reason).toContain('its accuracy by -6.00 points, the champion -5.00 points')
    expect(asked).toEqual([
      { name: 'noise', severity: 3, seed: 7 },
      { name: 'noise', severity: 3, seed: 7 },
    ])
  })
  it('passes one that loses as much as the champion, blocks one that loses far more', async () => {
    expect((await rowOf(one, shown({ candidate: 300, champion: 300 }).evaluation)).verdict).toBe('PASS')
    expect((await rowOf(one, shown({ candidate: 100, champion: 50 }).evaluation)).verdict).toBe('BLOCK')
    expect((await rowOf(one, shown({ candidate: 50, champion: 100 }).evaluation)).verdict).toBe('PASS')
  })
  it('does not judge the accuracy itself: a candidate that was worse already may be as robust', async () => {
    const parts = {
      candidate: { onGate: wrongIn(0, 200), under: () => varied(wrongIn(0, 250)) },
      champion: { onGate: wrongIn(0, 50), under: () => varied(wrongIn(0, 100)) },
    }
    expect(await rowOf(one, shown({ candidate: 0, champion: 0 }, parts).evaluation)).toMatchObject({ estimate: 0 })
  })
  it('only warns where the candidate has more to lose, and is no worse than the champion then', async () => {
    // Clean, the candidate is wrong on 20 and the champion on 100; disturbed, on 110 and on 100.
    const better = {
      candidate: { onGate: wrongIn(0, 20), under: () => varied(wrongIn(20, 130)) },
      champion: { onGate: wrongIn(0, 100), under: () => varied(wrongIn(50, 150)) },
    }
    const row = await rowOf(one, shown({ candidate: 0, champion: 0 }, better).evaluation)
    // It loses 90 and the champion none, which would block; McNemar of 30 lost against 20 won has p = .08.
    expect(row).toMatchObject({ verdict: 'WARN', estimate: -0.09 })
    expect(row.reason).toContain('more than the champion, but it is not surely worse than the champion there')
    // 60 lost against 20 won: it is worse there, too
    const worse = { ...better, candidate: { ...better.candidate, under: () => varied(wrongIn(20, 170)) } }
    expect(await rowOf(one, shown({ candidate: 0, champion: 0 }, worse).evaluation)).toMatchObject({ verdict: 'BLOCK' })
  })
  it('corrects harm for how many variations are tried', async () => {
    // p of one alone is under .05: 22 lost and 8 more won in 1000
    const candidate = {
      onGate: wrongIn(0, 8),
      under: ({ name }: Variation) => varied(wrongIn(name === 'noise' ? 8 : 0, name === 'noise' ? 38 : 8)),
    }
    const champion = { onGate: wrongIn(0, 8), under: () => varied(wrongIn(0, 8)) }
    const parts = { candidate, champion }
    const variations = [
      noise(3),
      ...([1, 2, 3, 4, 5] as const).map((severity) => ({ name: 'missing', severity }) as const),
    ]
    const alone = await rowOf(one, shown({ candidate: 0, champion: 0 }, parts).evaluation)
    const { rows } = await robustness.make({ variations }).judge(shown({ candidate: 0, champion: 0 }, parts).evaluation)
    expect(rows[0]!.p).toBe(alone.p)
    expect(alone.adjustedP).toBe(alone.p)
    expect(rows[0]!.adjustedP).toBeCloseTo(6 * alone.p!, 10)
  })
  it('holds nothing by default where there are too few examples, and says so', async () => {
    const small = (to: number) => varied(wrongIn(0, to, 40))
    const parts = {
      candidate: { onGate: wrongIn(0, 2, 40), under: () => small(4) },
      champion: { onGate: wrongIn(0, 2, 40), under: () => small(3) },
    }
    const row = await rowOf(one, shown({ candidate: 0, champion: 0 }, parts).evaluation)
    expect(row).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', n: 40 })
    expect(row.nRequired).toBeGreaterThan(40)
    expect(one.critical).toBe(false)
  })
  it('needs more than a few examples that agree', async () => {
    const few = { onGate: wrongIn(0, 1, 20), under: () => varied(wrongIn(0, 1, 20)) }
    const row = await rowOf(one, shown({ candidate: 0, champion: 0 }, { candidate: few, champion: few }).evaluation)
    expect(row).toMatchObject({ estimate: 0, verdict: 'NOT_ENOUGH_DATA' })
  })
  it('draws whole clients where examples come in clusters', async () => {
    const clusters = Int32Array.from({ length: 1000 }, (_, i) => Math.floor(i / 100))
    const { evaluation } = shown({ candidate: 100, champion: 50 }, { examples: { gate: { clusters } } })
    const row = await rowOf(one, evaluation)
    // All 50 that the candidate loses are of the second client in ten. A third of the draws are without it, and have no spread.
    expect(row).toMatchObject({ verdict: 'NOT_ENOUGH_DATA', reason: expect.stringContaining('too few clients') })
  })
  it('draws a curve for each perturbation, clean at 0, with severities rising', async () => {
    const under = (variation: Variation) =>
      varied(wrongIn(0, 'severity' in variation ? 50 + 50 * variation.severity : 0))
    const model = { onGate: wrongIn(0, 50), under }
    const check = robustness.make({
      variations: [noise(4), noise(1), { name: 'set-column', column: 'age', value: '' }],
    })
    const { figures, rows } = await check.judge(
      shown({ candidate: 0, champion: 0 }, { candidate: model, champion: model }).evaluation,
    )
    expect(rows).toHaveLength(3)
    expect(figures).toHaveLength(1)
    const [figure] = figures!
    if (figure?.kind !== 'curve') throw new Error('no curve')
    expect(figure.lines.map(({ name }) => name)).toEqual(['candidate', 'champion'])
    expect(figure.lines[0]!.points.map(({ x, y }) => [x, y])).toEqual([
      [0, 0.95],
      [1, 0.9],
      [4, 0.75],
    ])
  })
  it('measures a first model, and judges it by nothing', async () => {
    const under = () => varied(wrongIn(0, 110))
    const evaluation = evaluationOf({ document, candidate: { onGate: wrongIn(0, 50), under } })
    const { verdict, rows, figures } = await one.judge(evaluation)
    expect(verdict).toBe('NOT_APPLICABLE')
    expect(rows[0]).toMatchObject({ metric: 'accuracy under noise, severity 3', estimate: 0.89, n: 1000 })
    expect(figures).toMatchObject([{ kind: 'curve', lines: [{ name: 'candidate' }] }])
  })
  it('says where a variation changes nothing, and what else cannot be judged', async () => {
    const unmoved = { onGate: wrongIn(0, 50), under: () => varied(wrongIn(0, 50), new Uint8Array(1000)) }
    const nothing = evaluationOf({ document, candidate: unmoved, champion: unmoved })
    expect(await one.judge(nothing)).toMatchObject({ verdict: 'NOT_APPLICABLE' })
    const recorded = evaluationOf({ document, candidate: { again: null }, champion: { again: null } })
    expect(await one.judge(recorded)).toMatchObject({ verdict: 'NOT_APPLICABLE', rows: [] })
    const same = { weightsSha256: 'a'.repeat(64), under: () => varied(wrongIn(0, 1)) }
    expect(await one.judge(evaluationOf({ document, candidate: same, champion: same }))).toMatchObject({
      verdict: 'NO_CHANGE',
      rows: [],
    })
  })
  it('must try what fits the data, and nothing twice', () => {
    const terms = { ...gateDocument(), data: tableSchema }
    const blur = { name: 'blur', severity: 1 } as const
    expect(robustness.misfits!({ variations: [noise(1), noise(2), blur, noise(1)] }, terms)).toEqual([
      { path: '/variations/2/name', message: 'is for images' },
      { path: '/variations/3', message: 'repeats an earlier one' },
    ])
    expect(robustness.misfits!({ variations: [blur] }, { ...terms, data: imageSchema })).toEqual([])
  })
})
