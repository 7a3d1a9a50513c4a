import { ok, refuse } from '@panal/client-core'
import { Type } from 'typebox'
import { policy } from '../policy.ts'
import { when } from '../registry/document-errors.ts'
import type { UpdateCheck } from '../strategy/strategy.ts'

/** Refuses an update that claims fewer or more examples than a device of this task can have. Bounds are inclusive. */
export const weightRange = policy({
  options: { minExamples: Type.Integer({ minimum: 1 }), maxExamples: Type.Integer({ minimum: 1 }) },
  make: ({ minExamples, maxExamples }): UpdateCheck => ({
    name: 'weight-range',
    check: ({ numExamples }) =>
      numExamples >= minExamples && numExamples <= maxExamples
        ? ok
        : refuse('weight-out-of-range', `numExamples must be from ${minExamples} to ${maxExamples}`),
  }),
  misfits({ minExamples, maxExamples }, { plan, eligibility }) {
    const most = plan.maxExamples ?? Infinity
    const least = eligibility.minExamples ?? 1
    return [
      ...when(minExamples > maxExamples, '/minExamples', `must be at most maxExamples, ${maxExamples}`),
      ...when(minExamples > most, '/minExamples', `must be at most plan.maxExamples, ${most}`),
      ...when(least > maxExamples, '/maxExamples', `must be at least eligibility.minExamples, ${least}`),
    ]
  },
})
