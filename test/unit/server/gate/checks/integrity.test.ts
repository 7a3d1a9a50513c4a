import { describe, expect, it } from '@jest/globals'
import type { TaskDocument } from '@panal/server'
import { integrity } from '../../../../../server/src/gate/checks/integrity.ts'
import { evaluationOf, predictions, type JudgedParts } from '../../../../fixtures/gate-evaluation.ts'

const judge = (candidate: JudgedParts, base: JudgedParts = {}, maxLossRatio?: number) =>
  integrity.make({ ...(maxLossRatio === undefined ? {} : { maxLossRatio }) }).judge(evaluationOf({ candidate, base }))

describe('integrity of the weights', () => {
  it.each([NaN, Infinity, -Infinity])('blocks a weight that is %p, without running the model', async (bad) => {
    const result = await judge({ params: Float32Array.of(1, bad), onEvaluation: predictions([NaN]) })
    expect(result).toMatchObject({ verdict: 'BLOCK', reason: 'Weight 1 of 2 is not a finite number.' })
  })
  it('blocks another number of params than the base has', async () => {
    const result = await judge({ params: new Float32Array(3) })
    expect(result).toMatchObject({ verdict: 'BLOCK', reason: 'The candidate has 3 params where its base has 2.' })
  })
})

describe('integrity of the answers', () => {
  it.each(['evaluation', 'gate'])('blocks improper probabilities on the %s set', async (set) => {
    const bad = { ...predictions([0.5, 0.5]), probabilities: Float32Array.of(0.5, 0.5, 0.9, 0.9) }
    const good = predictions([0.9, 0.9])
    const result = await judge({
      onEvaluation: set === 'evaluation' ? bad : good,
      onGate: set === 'gate' ? bad : good,
    })
    expect(result.verdict).toBe('BLOCK')
    expect(result.reason).toContain(`example 1 of the ${set} set`)
  })
  it.each([
    ['not a number', [NaN, 0.5]],
    ['over 1 in all', [0.9, 0.9]],
  ])('blocks answers to the calibration set that are %s: a calibrator is fitted to them', async (_, last) => {
    const broken = { ...predictions([0.5, 0.5]), probabilities: Float32Array.of(0.5, 0.5, ...last) }
    const judge = (gate: TaskDocument['gate']) =>
      integrity.make({}).judge(evaluationOf({ candidate: {}, calibration: { candidate: broken }, document: { gate } }))
    expect((await judge({ checks: [{ name: 'integrity' }] })).verdict).toBe('PASS')
    const result = await judge({ checks: [{ name: 'calibration' }] })
    expect(result.verdict).toBe('BLOCK')
    expect(result.reason).toContain('example 1 of the calibration set')
  })
  it('passes finite weights and proper probabilities', async () => {
    expect((await judge({})).verdict).toBe('PASS')
  })
  it('cannot judge without examples', async () => {
    expect((await judge({ onEvaluation: predictions([]) })).verdict).toBe('NOT_ENOUGH_DATA')
  })
})

describe('collapse', () => {
  // Balanced labels: guessing costs ln 2 = .693. P(true) = .2 costs 1.609, .5 costs .693, .45 costs .799, .6 costs .511.
  const all = (p: number) => predictions([p, p, p, p])
  it('blocks a log loss over twice the base’s and over guessing', async () => {
    const result = await judge({ onEvaluation: all(0.2) }, { onEvaluation: all(0.6) })
    expect(result.verdict).toBe('BLOCK')
    expect(result.reason).toContain('log loss 1.6094 is over 2 × its base’s 0.5108')
  })
  it('lets a loss over twice the base’s pass while it is under that of guessing', async () => {
    // .95 costs .051, .9 costs .105: over twice as much, and a good model.
    expect((await judge({ onEvaluation: all(0.9) }, { onEvaluation: all(0.96) })).verdict).toBe('PASS')
  })
  it('lets a loss over guessing pass while it is under twice the base’s', async () => {
    expect((await judge({ onEvaluation: all(0.45) }, { onEvaluation: all(0.5) })).verdict).toBe('PASS')
  })
  it('takes the ratio from the task', async () => {
    // 1.609 / .511 = 3.15
    expect((await judge({ onEvaluation: all(0.2) }, { onEvaluation: all(0.6) }, 4)).verdict).toBe('PASS')
  })
  it('blocks one class for everything, where the base told them apart and was no worse', async () => {
    const always1 = predictions([0.4, 0.6, 0.4, 0.6])
    const result = await judge({ onEvaluation: always1 }, { onEvaluation: all(0.6) })
    expect(result.verdict).toBe('BLOCK')
    expect(result.reason).toContain('answers every example with the same class')
  })
  it('lets one class for everything pass where that is an improvement, as a first round on unbalanced data often is', async () => {
    const labels = [1, 1, 1, 0]
    const majority = predictions([0.7, 0.7, 0.7, 0.3], labels)
    const untrained = predictions([0.4, 0.6, 0.4, 0.4], labels)
    expect((await judge({ onEvaluation: majority }, { onEvaluation: untrained })).verdict).toBe('PASS')
  })
  it('measures against guessing where the base is broken itself', async () => {
    const broken = predictions([NaN, NaN, NaN, NaN])
    // 1.609 > 2 × .693
    expect((await judge({ onEvaluation: all(0.2) }, { onEvaluation: broken })).verdict).toBe('BLOCK')
    expect((await judge({ onEvaluation: all(0.45) }, { onEvaluation: broken })).verdict).toBe('PASS')
  })
})
