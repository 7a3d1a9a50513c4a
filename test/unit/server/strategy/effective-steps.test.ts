import { expect, it } from '@jest/globals'
import type { Plan } from '@panal/client-core'
import { effectiveSteps } from '../../../../server/src/strategy/effective-steps.ts'

type Rule = Pick<Plan, 'optimizer' | 'learningRate' | 'proximalTerm'>

/** What so many steps make of a constant gradient of −1 in units of learning rate · gradient, step by step. */
function walked({ optimizer, learningRate, proximalTerm = 0 }: Rule, numSteps: number): number {
  const momentum = optimizer.name === 'sgd' ? (optimizer.momentum ?? 0) : 0
  let [moved, velocity] = [0, 0]
  for (let step = 0; step < numSteps; step++) {
    velocity = momentum * velocity + 1 - proximalTerm * moved
    moved += learningRate * velocity
  }
  return moved / learningRate
}

it.each<[string, Rule]>([
  ['plain SGD', { optimizer: { name: 'sgd' }, learningRate: 0.1 }],
  ['momentum', { optimizer: { name: 'sgd', momentum: 0.9 }, learningRate: 0.1 }],
  ['a proximal term', { optimizer: { name: 'sgd' }, learningRate: 0.1, proximalTerm: 0.5 }],
])('%s carries a constant gradient as far as its steps do', (_, rule) => {
  for (const numSteps of [1, 2, 7, 100]) expect(effectiveSteps(rule)(numSteps)).toBeCloseTo(walked(rule, numSteps), 6)
})

it('adam counts its steps', () => {
  expect(effectiveSteps({ optimizer: { name: 'adam' }, learningRate: 0.1 })(7)).toBe(7)
})
