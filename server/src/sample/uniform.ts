import { shuffle } from '@panal/client-core'
import { policy } from '../policy.ts'
import type { ClientSampler } from '../strategy/strategy.ts'

/** Every available device is as likely as any other. Time O(n log n). */
export const uniform = policy({
  options: {},
  make: (): ClientSampler => ({
    name: 'uniform',
    sample: (available, count, rng) => shuffle(available.map((device) => device.deviceId).sort(), rng).slice(0, count),
  }),
})
