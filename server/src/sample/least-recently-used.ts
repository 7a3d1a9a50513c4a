import { shuffle } from '@panal/client-core'
import { policy } from '../policy.ts'
import type { ClientSampler } from '../strategy/strategy.ts'

/**
 * The devices that were asked longest ago come first, newcomers before all; ties are drawn uniformly.
 * Spreads the work evenly and lets somebody who has just joined take part at once. Time O(n log n).
 */
export const leastRecentlyUsed = policy({
  options: {},
  make: (): ClientSampler => ({
    name: 'least-recently-used',
    sample(available, count, rng) {
      const byId = [...available].sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
      return shuffle(byId, rng)
        .sort((a, b) => a.lastRound - b.lastRound) // stable: the shuffle decides between equals
        .slice(0, count)
        .map((device) => device.deviceId)
    },
  }),
})
