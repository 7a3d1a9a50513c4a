import { policy } from '@panal/server'
import type { Dropout } from '../profile.ts'

/** Whoever begins ends, too. */
export const never = policy({
  options: {},
  make: (): Dropout => ({ name: 'never', lostAfter: () => null }),
})
