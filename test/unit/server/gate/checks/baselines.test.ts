import { describe, expect, it } from '@jest/globals'
import { baselines } from '../../../../../server/src/gate/checks/baselines.ts'
import { evaluationOf, gateDocument, predictions, type EvaluationParts } from '../../../../fixtures/gate-evaluation.ts'

type Options = Parameters<typeof baselines.make>[0]
/** 400 gate examples of which a quarter are yes; the evaluation set has the same shares. */
const labels = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 1 : 0))
/** A model that is right on these; sure by .8 where it is. */
const rightWhere = (isRight: (i: number) => boolean, truth = labels) =>
  predictions(
    truth.map((_, i) => (isRight(i) ? 0.8 : 0.3)),
    truth,
  )
const judge = (
  candidate: ReturnType<typeof predictions>,
  options: Options = {},
  parts: Partial<EvaluationParts> = {},
) => baselines.make(options).judge(evaluationOf({ candidate: { onGate: candidate }, ...parts }))
const rowsOf = ({ rows }: Awaited<ReturnType<typeof judge>>) =>
  Object.fromEntries(rows.map((row) => [row.metric.replace(/^.* over /, ''), row]))

describe('baselines', () => {
  it('pass a model that is better than guessing, however one guesses', async () => {
    const result = await judge(rightWhere((i) => i % 10 !== 0))
    expect(result).toMatchObject({ verdict: 'PASS' })
    expect(result.reason).toBe(
      'Better beyond chance than the class shares, the most frequent class, a draw by the class shares.',
    )
  })
  it('know what guessing costs: the shares (301 and 101 of 402) by log loss, the majority and a draw by error', async () => {
    // 300 no and 100 yes on 400, one of each added
    const rows = rowsOf(await judge(rightWhere(() => true)))
    const shares = -(300 * Math.log(301 / 402) + 100 * Math.log(101 / 402)) / 400
    // The candidate costs −ln .8 everywhere.
    expect(rows['the class shares']?.estimate).toBeCloseTo(shares + Math.log(0.8), 6)
    expect(rows['the most frequent class']?.estimate).toBeCloseTo(0.25, 12)
    expect(rows['a draw by the class shares']?.estimate).toBeCloseTo(
      1 - (300 * (301 / 402) + 100 * (101 / 402)) / 400,
      9,
    )
  })
  it('block a model that answers the majority and knows no more', async () => {
    const result = await judge(rightWhere((i) => i % 4 !== 0))
    expect(result.verdict).toBe('BLOCK')
    expect(rowsOf(result)['the most frequent class']).toMatchObject({ verdict: 'BLOCK', estimate: 0 })
  })
  it('block the class shares themselves, and what is worse', async () => {
    const shares = predictions(
      labels.map((label) => (label === 1 ? 0.25 : 0.75)),
      labels,
    )
    expect(rowsOf(await judge(shares))['the class shares']?.verdict).toBe('BLOCK')
    expect((await judge(rightWhere(() => false))).verdict).toBe('BLOCK')
  })
  it('have not enough data with few examples, never a block', async () => {
    const few = labels.slice(0, 8)
    expect((await judge(rightWhere((i) => i % 4 !== 0, few))).verdict).toBe('NOT_ENOUGH_DATA')
  })
  it('warn where a gain is likely and not beyond chance at 1 %', async () => {
    // right on 300 no and 8 of 100 yes, and wrong on 3 no: 5 examples gained of 400, 8 won and 3 lost
    const result = await judge(
      rightWhere((i) => (i % 4 === 0 ? i < 32 : i !== 1 && i !== 2 && i !== 3)),
      {
        required: ['majority'],
      },
    )
    expect(rowsOf(result)['the most frequent class']).toMatchObject({ verdict: 'WARN' })
    expect(result.verdict).toBe('WARN')
  })
  it.each<[NonNullable<Options['required']>]>([[['logistic']], [['prior', 'logistic', 'majority']]])(
    'say what is missing where one of those that are required, %j, cannot be made',
    async (required) => {
      const result = await judge(
        rightWhere(() => true),
        { required },
      )
      expect(result).toMatchObject({
        verdict: 'NOT_ENOUGH_DATA',
        reason: 'Only predictions were recorded, so a logistic regression cannot be made, and the model must beat it.',
      })
    },
  )
  it('say nothing where none has to be beaten', async () => {
    expect(
      (
        await judge(
          rightWhere(() => true),
          { required: [] },
        )
      ).verdict,
    ).toBe('NOT_APPLICABLE')
  })
  it('do not apply what has to be made from data to recorded predictions', async () => {
    expect(rowsOf(await judge(rightWhere(() => true)))['a logistic regression']?.verdict).toBe('NOT_APPLICABLE')
  })
})

describe('baselines made from data', () => {
  const better = { ...rightWhere(() => true), areProbabilities: false }
  const candidate = rightWhere((i) => i % 10 !== 0)
  it('warn where the model surely is worse than one that it need not beat', async () => {
    const result = await judge(candidate, {}, { baseline: better })
    expect(result.verdict).toBe('WARN')
    expect(rowsOf(result)['a logistic regression']).toMatchObject({ verdict: 'WARN', estimate: -0.1 })
  })
  it('block where it is required to beat it', async () => {
    const result = await judge(candidate, { required: ['prior', 'logistic'] }, { baseline: better })
    expect(result.verdict).toBe('BLOCK')
  })
  it('are compared by log loss where they give probabilities', async () => {
    const probabilities = { ...rightWhere(() => true), areProbabilities: true }
    const result = await judge(candidate, {}, { baseline: probabilities })
    expect(result.rows.map(({ metric }) => metric)).toContain('log loss gained over a logistic regression')
  })
  it('do not decide where they cannot be told apart', async () => {
    const same = { ...rightWhere((i) => i % 10 !== 1), areProbabilities: true }
    const result = await judge(candidate, {}, { baseline: same })
    expect(result.verdict).toBe('PASS')
    expect(rowsOf(result)['a logistic regression']?.verdict).toBe('NOT_ENOUGH_DATA')
  })
  it('are called as the task calls them', async () => {
    const earlier = [{ label: 'the scorecard of 2019', sha256: 'a'.repeat(64) }]
    const rows = rowsOf(await judge(candidate, { earlier }, { baseline: better }))
    expect(rows).toHaveProperty('the scorecard of 2019')
  })
})

describe('a human’s figure', () => {
  // The candidate is right on 360 of 400: .9, between .8585 and .9303 at 1 % each.
  const candidate = rightWhere((i) => i % 10 !== 0)
  const verdictBeside = async (human: NonNullable<Options['human']>, required: Options['required'] = []) =>
    rowsOf(await judge(candidate, { human, required: [...required] }))['the human figure']?.verdict
  it('is beaten beyond chance, or beats the model, or neither', async () => {
    expect(await verdictBeside({ accuracy: 0.85 })).toBe('PASS')
    expect(await verdictBeside({ accuracy: 0.95 })).toBe('WARN')
    expect(await verdictBeside({ accuracy: 0.9 })).toBe('NOT_ENOUGH_DATA')
  })
  it('proves less where it was measured on few', async () => {
    expect(await verdictBeside({ accuracy: 0.85, numExamples: 40 })).toBe('NOT_ENOUGH_DATA')
  })
  it('blocks where the task requires more than it', async () => {
    expect(await verdictBeside({ accuracy: 0.95 }, ['human'])).toBe('BLOCK')
  })
})

describe('what a task may ask for', () => {
  const rule = { column: 'a', op: '>', value: 0, then: 'yes', otherwise: 'no' } as const
  const misfits = (options: Options) => baselines.misfits!(options, gateDocument())
  it('is what it gives', () => {
    expect(misfits({ required: ['prior', 'rule'], rule })).toEqual([])
    expect(misfits({ required: ['prior', 'human', 'earlier'] })).toEqual([
      { path: '/required/1', message: 'asks for human, which is not given' },
      { path: '/required/2', message: 'asks for earlier, which is not given' },
    ])
    expect(misfits({ rule: { ...rule, then: 'maybe' } })).toMatchObject([{ path: '/rule/then' }])
  })
  it('needs its datasets and columns to be there', () => {
    expect(baselines.needs!({ rule, earlier: [{ label: 'x', sha256: 'a'.repeat(64) }] })).toEqual({
      datasets: [{ path: '/earlier/0/sha256', sha256: 'a'.repeat(64), goesWithGateSet: true }],
      columns: [{ path: '/rule/column', name: 'a' }],
    })
  })
})

it('blames no model for a gate set of one class: nothing is better than always saying so', async () => {
  const all = <Value>(value: Value) => Array.from({ length: 200 }, () => value)
  const evaluation = evaluationOf({ candidate: { onGate: predictions(all(0.9), all(1)) } })
  expect(await baselines.make({}).judge(evaluation)).toMatchObject({
    verdict: 'NOT_ENOUGH_DATA',
    reason: expect.stringMatching(/^Every example of the gate set is yes: .*Add examples of the other classes\.$/),
  })
})
