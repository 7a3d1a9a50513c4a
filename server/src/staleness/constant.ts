import { policy } from '../policy.ts'
import type { StalenessWeight } from '../strategy/strategy.ts'

/** However old its base is, an update counts in full. */
export const constant = policy({
  options: {},
  make: (): StalenessWeight => ({ name: 'constant', of: () => 1 }),
})
