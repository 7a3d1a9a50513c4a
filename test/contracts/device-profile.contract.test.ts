import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { availabilities, bandwidths, batteries, dayMs, dropouts, speeds, startAt } from '@panal/simulations'

/** Each profile with options to try it with. */
const cases = {
  speed: {
    constant: speeds.constant.make({ examplesPerSecond: 100 }),
    lognormal: speeds.lognormal.make({ median: 100, sigma: 1 }),
    'half-normal': speeds['half-normal'].make({ fastest: 100, spread: 2 }),
    pareto: speeds.pareto.make({ fastest: 100, shape: 1.5 }),
  } satisfies Record<keyof typeof speeds, unknown>,
  bandwidth: {
    constant: bandwidths.constant.make({ downMbps: 40, upMbps: 10 }),
    lognormal: bandwidths.lognormal.make({ downMbps: 40, upMbps: 10, sigma: 1 }),
  } satisfies Record<keyof typeof bandwidths, unknown>,
  availability: {
    always: availabilities.always.make({}),
    diurnal: availabilities.diurnal.make({ peakHour: 2, spreadHours: 5, hours: 8 }),
  } satisfies Record<keyof typeof availabilities, unknown>,
  dropout: {
    never: dropouts.never.make({}),
    random: dropouts.random.make({ probability: 0.5 }),
  } satisfies Record<keyof typeof dropouts, unknown>,
  battery: {
    mains: batteries.mains.make({}),
    daily: batteries.daily.make({ chargeHours: 6, lifeHours: 20, trainingHours: 5, minimumLevel: 0.5 }),
  } satisfies Record<keyof typeof batteries, unknown>,
}

/** Of 500 devices, each from a stream of its own. */
const drawn = <Draw>(draw: (rng: ReturnType<typeof makeRng>) => Draw): Draw[] =>
  Array.from({ length: 500 }, (_, device) => draw(makeRng(device)))

describe.each(Object.entries(cases.speed))('speed %s', (name, speed) => {
  it('is a finite number over 0, the same for the same stream', () => {
    expect(speed.name).toBe(name)
    const found = drawn((rng) => speed.examplesPerSecond(rng))
    expect(found.filter((value) => !(value > 0 && value < Infinity))).toEqual([])
    expect(drawn((rng) => speed.examplesPerSecond(rng))).toEqual(found)
  })
})

describe.each(Object.entries(cases.bandwidth))('bandwidth %s', (name, bandwidth) => {
  it('is finite and over 0 both ways, the same for the same stream', () => {
    expect(bandwidth.name).toBe(name)
    const found = drawn((rng) => bandwidth.bytesPerSecond(rng))
    expect(found.flatMap(({ down, up }) => [down, up]).filter((value) => !(value > 0 && value < Infinity))).toEqual([])
    expect(drawn((rng) => bandwidth.bytesPerSecond(rng))).toEqual(found)
  })
})

describe.each(Object.entries(cases.availability))('availability %s', (name, availability) => {
  it('is a window that begins within a day and is no longer than one, the same for the same stream', () => {
    expect(availability.name).toBe(name)
    const found = drawn((rng) => availability.window(rng))
    for (const window of found) {
      if (window === null) continue
      expect(window.startMs).toBeGreaterThanOrEqual(0)
      expect(window.startMs).toBeLessThan(dayMs)
      expect(window.lengthMs).toBeGreaterThan(0)
      expect(window.lengthMs).toBeLessThanOrEqual(dayMs)
    }
    expect(drawn((rng) => availability.window(rng))).toEqual(found)
  })
})

describe.each(Object.entries(cases.dropout))('dropout %s', (name, dropout) => {
  it('loses a device within its work or not at all, the same for the same stream', () => {
    expect(dropout.name).toBe(name)
    const found = drawn((rng) => dropout.lostAfter(rng))
    expect(found.filter((share) => share !== null && !(share >= 0 && share < 1))).toEqual([])
    expect(drawn((rng) => dropout.lostAfter(rng))).toEqual(found)
  })
})

describe.each(Object.entries(cases.battery))('battery %s', (name, battery) => {
  it('never lasts less than no time, and is the same every day and for the same stream', () => {
    expect(battery.name).toBe(name)
    const look = (day: number) =>
      drawn((rng) => {
        const own = battery.open(rng)
        return Array.from({ length: 24 }, (_, hour) => {
          const at = startAt + (day + hour / 24) * dayMs
          return [own?.allows(at) ?? true, Math.round(own?.lastsMs(at) ?? Infinity)] as const
        })
      })
    const found = look(0)
    expect(found.flat().filter(([, lastsMs]) => !(lastsMs >= 0))).toEqual([])
    expect(look(0)).toEqual(found)
    expect(look(1).map((hours) => hours.map(([allows]) => allows))).toEqual(
      found.map((hours) => hours.map(([allows]) => allows)),
    )
  })
})
