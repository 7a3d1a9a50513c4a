import { Type } from 'typebox'
import { policy } from '@panal/server'
import { dayMs, hourMs, within, type Battery } from '../profile.ts'

/**
 * Full after `chargeHours` on a charger each day, at a time of the device's own (uniform over the day); then it falls
 * evenly, to nothing after `lifeHours`. Training takes `trainingHours` to empty a full one, on top of that. Below
 * `minimumLevel` a device does not begin; if it gets empty in the middle of its work, it is lost. What earlier rounds took
 * of it is not remembered: a device is asked seldom.
 */
export const daily = policy({
  options: {
    chargeHours: Type.Number({ exclusiveMinimum: 0, maximum: 24 }),
    lifeHours: Type.Number({ exclusiveMinimum: 0, maximum: 1000 }),
    trainingHours: Type.Number({ exclusiveMinimum: 0, maximum: 1000 }),
    minimumLevel: Type.Number({ minimum: 0, maximum: 1 }),
  },
  make: ({ chargeHours, lifeHours, trainingHours, minimumLevel }): Battery => ({
    name: 'daily',
    open(rng) {
      const charging = { startMs: rng.uniform() * dayMs, lengthMs: chargeHours * hourMs }
      const unplugged = {
        startMs: (charging.startMs + charging.lengthMs) % dayMs,
        lengthMs: dayMs - charging.lengthMs,
      }
      const level = (at: number): number => {
        const since = within(unplugged, at)
        return since === undefined ? 1 : Math.max(0, 1 - since / (lifeHours * hourMs))
      }
      const isCharging = (at: number): boolean => within(unplugged, at) === undefined
      const drainPerMs = (1 / lifeHours + 1 / trainingHours) / hourMs
      return {
        allows: (at) => isCharging(at) || level(at) >= minimumLevel,
        lastsMs: (at) => (isCharging(at) ? Infinity : level(at) / drainPerMs),
      }
    },
  }),
})
