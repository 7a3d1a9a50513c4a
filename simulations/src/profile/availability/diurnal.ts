import { Type } from 'typebox'
import { policy } from '@panal/server'
import { dayMs, hourMs, type Availability } from '../profile.ts'

/**
 * A device may be asked while it lies on its charger at night: about `peakHour` (UTC), some earlier and some later by
 * `spreadHours` (standard deviation), for `hours` each. Fleets of phones swing by a factor of four between night and day:
 * Bonawitz et al. 2019, arXiv:1902.01046, figure 5.
 */
export const diurnal = policy({
  options: {
    peakHour: Type.Number({ minimum: 0, exclusiveMaximum: 24, description: 'middle of the windows, on average' }),
    spreadHours: Type.Number({ minimum: 0, maximum: 12 }),
    hours: Type.Number({ exclusiveMinimum: 0, maximum: 24, description: 'length of each device’s window' }),
  },
  make: ({ peakHour, spreadHours, hours }): Availability => ({
    name: 'diurnal',
    window(rng) {
      const start = (peakHour + spreadHours * rng.normal() - hours / 2) * hourMs
      return { startMs: ((start % dayMs) + dayMs) % dayMs, lengthMs: hours * hourMs }
    },
  }),
})
