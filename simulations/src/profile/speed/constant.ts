import { Type } from 'typebox'
import { policy } from '@panal/server'
import type { Speed } from '../profile.ts'

/** Every device trains as fast as every other. */
export const constant = policy({
  options: { examplesPerSecond: Type.Number({ exclusiveMinimum: 0 }) },
  make: ({ examplesPerSecond }): Speed => ({ name: 'constant', examplesPerSecond: () => examplesPerSecond }),
})
