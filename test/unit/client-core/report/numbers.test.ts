import { describe, expect, it } from '@jest/globals'
import { kindOfForest, kindOfRow } from '../../../../client-core/src/report/measured.ts'
import {
  countOf,
  sayInterval,
  sayNumber,
  sayP,
  sayProbability,
  sayShare,
  sayTime,
  sayValue,
} from '../../../../client-core/src/report/numbers.ts'

describe('numbers in words', () => {
  it.each([
    [0.9378, '93.8 %'],
    [0, '0.0 %'],
    [1, '100.0 %'],
    [0.9997, '99.97 %'],
    [0.0004, '0.04 %'],
  ])('the share %d is %s', (share, said) => expect(sayShare(share)).toBe(said))

  it.each([
    [0.934, '93 %'],
    [0.999, '> 99 %'],
    [1, '100 %'],
    [0.001, '< 1 %'],
    [0, '0 %'],
  ])('the probability %d is %s: nothing is certain that is not', (p, said) => expect(sayProbability(p)).toBe(said))

  it.each([
    [0.00004, '< 0.001'],
    [0.0312, '0.031'],
    [0.4, '0.40'],
  ])('the p-value %d is %s', (p, said) => expect(sayP(p)).toBe(said))

  it.each([
    [0, '0'],
    [0.03125, '0.0313'],
    [-1.5, '−1.5'],
    [1234.5, '1,235'],
    [0.00002, '2.0e-5'],
  ])('the number %d is %s', (value, said) => expect(sayNumber(value)).toBe(said))

  it('differences have their sign, and what rounds to nothing has none', () => {
    const points = { unit: 'points', isDifference: true } as const
    expect(sayValue(0.0042, points)).toBe('+0.4 points')
    expect(sayValue(-0.062, points)).toBe('−6.2 points')
    expect(sayValue(-0.00001, points)).toBe('0.00 points')
    expect(sayInterval([-0.012, 0.003], points)).toBe('−1.2 to +0.3 points')
  })

  it('counts and times', () => {
    expect([countOf(1, 'example'), countOf(2000, 'example')]).toEqual(['1 example', '2,000 examples'])
    expect(sayTime(Date.UTC(2026, 10, 26, 10, 46, 59))).toBe('2026-11-26 10:46 UTC')
  })
})

describe('what a row measures', () => {
  it.each([
    ['accuracy', 'share', false],
    ['accuracy against champion', 'points', true],
    ['log loss against anchor', 'nats', true],
    ['log loss better than anchor', 'nats', true],
    ['AUC against champion', 'plain', true],
    ['macro F1 against champion', 'plain', true],
    ['negative flips', 'share', false],
    ['looks at the gate set', 'count', false],
    ['overlap of the evaluation and the gate set', 'share', false],
    ['expected calibration error', 'plain', false],
    ['invariance to Marital', 'share', false],
    ['error gained over majority', 'points', false],
    ['accuracy by Home', 'points', true],
    ['AUC by Home', 'plain', true],
    ['accuracy, adjusted for Home', 'points', true],
    ['power', 'points', false],
  ])('%s is told as %s', (metric, unit, isDifference) => {
    expect(kindOfRow({ metric })).toEqual({ unit, isDifference })
  })

  it('a forest plot with a margin shows differences', () => {
    const forest = { kind: 'forest', title: '', unit: 'share', lines: [] } as const
    expect(kindOfForest({ ...forest, margin: 0.02 })).toEqual({ unit: 'points', isDifference: true })
    expect(kindOfForest(forest)).toEqual({ unit: 'share', isDifference: false })
  })
})
