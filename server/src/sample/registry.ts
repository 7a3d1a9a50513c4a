import type { PolicyRegistry } from '../policy.ts'
import type { ClientSampler } from '../strategy/strategy.ts'
import { leastRecentlyUsed } from './least-recently-used.ts'
import { uniform } from './uniform.ts'

/** Who is asked. A new sampler is one file and one line here. */
export const samplers = {
  uniform,
  'least-recently-used': leastRecentlyUsed,
} as const satisfies PolicyRegistry<ClientSampler>
