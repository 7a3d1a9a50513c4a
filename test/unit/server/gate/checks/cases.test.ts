import { describe, expect, it } from '@jest/globals'
import type { GateCheckSpec } from '@panal/server'
import { cases } from '../../../../../server/src/gate/checks/cases.ts'
import { evaluationOf, predictions, rowOf, type EvaluationParts } from '../../../../fixtures/gate-evaluation.ts'

const check = cases.make({ dataset: 'a'.repeat(64) })
/** P(true class) of six cases, of classes no, yes, no, yes, no, yes: right where it is over ½. */
const answering = (...right: readonly boolean[]) => predictions(right.map((each) => (each ? 0.9 : 0.2)))
const allRight = answering(true, true, true, true, true, true)
const evaluation = (of: EvaluationParts['cases'], parts: Partial<EvaluationParts> = {}) =>
  evaluationOf({ candidate: {}, champion: {}, ...(of !== undefined && { cases: of }), ...parts })

describe('cases', () => {
  it('passes what answers all of them', async () => {
    expect(await rowOf(check, evaluation({ candidate: allRight }))).toMatchObject({
      verdict: 'PASS',
      reason: 'It answers all 6 cases.',
      n: 6,
      estimate: 0,
    })
  })
  it('blocks what fails one that the champion answers, and says which and how', async () => {
    const candidate = answering(true, false, true, false, true, true)
    const champion = answering(true, true, true, false, true, true)
    const { verdict, reason, rows } = await check.judge(evaluation({ candidate, champion }))
    expect(verdict).toBe('BLOCK')
    expect(reason).toBe('It fails 1 case that the champion answers (case 2: “no” where “yes” is right (80.00 % sure)).')
    expect(rows.map(({ metric, verdict: each, reason: why }) => [metric, each, why])).toEqual([
      ['failed cases', 'BLOCK', reason],
      ['case 2', 'BLOCK', 'It says “no” where “yes” is right (80.00 % sure); the champion answers it.'],
      ['case 4', 'WARN', 'It says “no” where “yes” is right (80.00 % sure); the champion fails it, too.'],
    ])
    expect(rows[0]!.estimate).toBeCloseTo(2 / 6, 10)
  })
  it('warns of what the champion fails as well, also where the candidate is right in more', async () => {
    const candidate = answering(true, true, true, true, true, false)
    const champion = answering(false, true, true, true, true, false)
    const { verdict, reason } = await check.judge(evaluation({ candidate, champion }))
    expect([verdict, reason]).toEqual([
      'WARN',
      'It fails 1 of 6 cases, as the champion does (case 6: “no” where “yes” is right (80.00 % sure)).',
    ])
  })
  it('blocks a first model that fails any', async () => {
    const parts = { candidate: {}, cases: { candidate: answering(false, true, true, true, true, true) } }
    const { verdict, reason } = await check.judge(evaluationOf(parts))
    expect([verdict, reason]).toEqual([
      'BLOCK',
      'It fails 1 of 6 cases, and 100.00 % must be answered (case 1: “yes” where “no” is right (80.00 % sure)).',
    ])
  })
  it('asks for a share of them of every model, where the task names one', async () => {
    const fourOfSix = answering(false, false, true, true, true, true)
    const judged = async (least: number, parts: EvaluationParts['cases'], hasChampion: boolean) => {
      const evaluation = evaluationOf({ candidate: {}, ...(hasChampion && { champion: {} }), cases: parts! })
      const { verdict, rows } = await cases.make({ dataset: 'a'.repeat(64), least }).judge(evaluation)
      return [verdict, ...rows.slice(1).map((row) => row.verdict)]
    }
    // 4 of 6 are .667
    expect(await judged(0.6, { candidate: fourOfSix }, false)).toEqual(['WARN', 'WARN', 'WARN'])
    expect(await judged(0.7, { candidate: fourOfSix }, false)).toEqual(['BLOCK', 'BLOCK', 'BLOCK'])
    expect(await judged(4 / 6, { candidate: fourOfSix, champion: fourOfSix }, true)).toEqual(['WARN', 'WARN', 'WARN'])
    expect(await judged(0.7, { candidate: fourOfSix, champion: fourOfSix }, true)).toEqual(['BLOCK', 'WARN', 'WARN'])
    // enough of them, and yet one that the champion answers
    const fiveOfSix = answering(false, true, true, true, true, true)
    expect(await judged(0.6, { candidate: fourOfSix, champion: fiveOfSix }, true)).toEqual(['BLOCK', 'BLOCK', 'WARN'])
  })
  it('names cases by their place in the file, in its order, and not all of many', async () => {
    const n = 50
    const rows = Int32Array.from({ length: n }, (_, i) => n - 1 - i)
    const candidate = predictions(new Array<number>(n).fill(0.1))
    const champion = predictions(new Array<number>(n).fill(0.9))
    const found = await check.judge(evaluation({ candidate, champion, rows }))
    expect(found.rows.map(({ metric }) => metric)).toEqual([
      'failed cases',
      ...Array.from({ length: 20 }, (_, i) => `case ${i + 1}`),
    ])
    expect(found.reason).toMatch(
      /^It fails 50 cases that the champion answers \(case 1: .*; case 2: .*; case 3: .*; and 47 more\)\.$/,
    )
  })
  it('calls them as the task does', async () => {
    const named = cases.make({ dataset: 'a'.repeat(64), title: 'minors' })
    expect((await rowOf(named, evaluation({ candidate: allRight }))).metric).toBe('failed cases: minors')
  })
  it('judges what is served: a calibrator may turn an answer', async () => {
    // Platt's line moves the logit by ln 9: what was .2 sure of yes is 1 / (1 + e^(ln 4 − ln 9)) = .69 sure.
    const moved = { method: 'platt', a: -1, b: -Math.log(9) } as const
    // Of classes no, yes, no, yes: as trained, the second is wrong; as served, all that is not sure of no is yes.
    const four = predictions([0.99, 0.2, 0.99, 0.9])
    const judged = (candidate: typeof moved | null, champion: typeof moved | null) =>
      check.judge(
        evaluationOf({
          candidate: { calibrator: candidate },
          champion: { calibrator: champion },
          cases: { candidate: four, champion: four },
        }),
      )
    expect((await judged(null, null)).verdict).toBe('WARN')
    expect((await judged(moved, null)).verdict).toBe('PASS')
    // The champion people have answers case 2, so a candidate that would not is worse for them.
    const { verdict, reason } = await judged(null, moved)
    expect([verdict, reason]).toEqual([
      'BLOCK',
      'It fails 1 case that the champion answers (case 2: “no” where “yes” is right (80.00 % sure)).',
    ])
    expect((await judged(moved, moved)).verdict).toBe('PASS')
  })
  it('of a candidate asks what the task’s calibration would serve', async () => {
    const n = 1000
    const yes = (p: number) => predictions(new Array<number>(n).fill(p), new Array<number>(n).fill(1))
    // The model says .4 or .6; on the split each comes true so often that Platt's line moves both over ½.
    const told = Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 0.4 : 0.6))
    const often = Int32Array.from({ length: n }, (_, i) => (i % 2 === 0 ? Number(i % 20 !== 0) : Number(i % 200 !== 1)))
    const split = {
      probabilities: Float32Array.from(told.flatMap((p) => [1 - p, p])),
      labels: often,
      numClasses: 2,
    }
    const task = (checks: readonly GateCheckSpec[]) =>
      check.judge(
        evaluationOf({
          candidate: { onGate: split },
          cases: { candidate: yes(0.4) },
          calibration: { candidate: split },
          document: { gate: { checks: [...checks] } },
        }),
      )
    expect((await task([{ name: 'integrity' }])).verdict).toBe('BLOCK')
    expect((await task([{ name: 'calibration' }])).verdict).toBe('BLOCK')
    expect((await task([{ name: 'calibration', method: 'platt' }])).verdict).toBe('PASS')
  })
  it('says nothing of no cases, of recorded predictions, and of the same weights', async () => {
    expect(await rowOf(check, evaluation({ candidate: predictions([]) }))).toMatchObject({ verdict: 'NOT_ENOUGH_DATA' })
    expect(await check.judge(evaluation(undefined))).toMatchObject({ verdict: 'NOT_APPLICABLE', rows: [] })
    const same = { weightsSha256: 'a'.repeat(64) }
    const judged = evaluation({ candidate: allRight }, { candidate: same, champion: same })
    expect(await check.judge(judged)).toMatchObject({ verdict: 'NO_CHANGE', rows: [] })
  })
  it('needs its dataset, once for each listing', () => {
    expect(cases.needs!({ dataset: 'b'.repeat(64) })).toEqual({
      examples: [{ path: '/dataset', sha256: 'b'.repeat(64) }],
    })
    expect(cases.variant!({ dataset: 'b' })).not.toBe(cases.variant!({ dataset: 'c' }))
  })
})
