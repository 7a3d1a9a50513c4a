import { policy } from '@panal/server'
import type { Availability } from '../profile.ts'

/** Every device may be asked at any time. */
export const always = policy({
  options: {},
  make: (): Availability => ({ name: 'always', window: () => null }),
})
