import { expect, it } from '@jest/globals'
import { attacks, describeRule, parseExperiment, type Experiment } from '@panal/simulations'
import { smallExperiment } from '../../../fixtures/small-experiment.ts'

const described = (changes: Partial<Experiment>) => describeRule(parseExperiment(smallExperiment(changes)))
const robust: NonNullable<Experiment['strategy']> = {
  preAggregators: [{ name: 'clip' }, { name: 'nnm', f: 2 }],
  aggregator: { name: 'trimmed-mean', f: 2 },
}
const attack = { name: 'sign-flip' } as const

it.each<[Partial<Experiment>, string]>([
  [{}, 'rule mean; no attack'],
  [
    { strategy: robust, cohort: { size: 10 }, adversaries: { fraction: 0.2, attack } },
    'rule clip, nnm, trimmed-mean; attack sign-flip by 20 % of devices',
  ],
  [{ adversaries: { count: 3, attack } }, 'rule mean; attack sign-flip by 15 % of devices'], // of 20
  [{ devices: 30, adversaries: { fraction: 0.1234, attack } }, 'rule mean; attack sign-flip by 13.33 % of devices'], // 4
])('an experiment’s rule and attack are named in a line: %j', (changes, line) => expect(described(changes)).toBe(line))

it('the line fits 80 columns with the longest name of an attack', () => {
  const longest = Object.keys(attacks).sort((a, b) => b.length - a.length)[0]!
  const line = described({ strategy: robust, cohort: { size: 10 }, adversaries: { fraction: 0.2, attack } })
  expect(line.replace('sign-flip', longest).length).toBeLessThanOrEqual(80)
})
