import { policy } from '@panal/server'
import type { Battery } from '../profile.ts'

/** On a charger, always. */
export const mains = policy({
  options: {},
  make: (): Battery => ({ name: 'mains', open: () => null }),
})
