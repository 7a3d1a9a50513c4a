import { ok, refuse } from '@panal/client-core'
import type { UpdateCheck } from '../strategy/strategy.ts'

/** Refuses an update that claims fewer or more examples than a device of this task can have. Bounds are inclusive. */
export const weightRange = (options: { readonly minExamples: number; readonly maxExamples: number }): UpdateCheck => ({
  name: 'weight-range',
  check: ({ numExamples }) =>
    numExamples >= options.minExamples && numExamples <= options.maxExamples
      ? ok
      : refuse('weight-out-of-range', `numExamples must be from ${options.minExamples} to ${options.maxExamples}`),
})
