import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import {
  availabilities,
  batteries,
  defaultProfile,
  SimulatedDevices,
  speeds,
  startAt,
  type ProfileSpec,
} from '@panal/simulations'

const hourMs = 3_600_000
const devices = (changes: Partial<ProfileSpec> = {}, count = 10) =>
  new SimulatedDevices({ ...defaultProfile, ...changes }, count, 1)
/** 1000 examples at 1000 a second, 5 MB down at 40 Mbit/s, 2.5 MB up at 10 Mbit/s. */
const load = { numExamples: 1000, bytesDown: 5_000_000, bytesUp: 2_500_000 }

describe('a trip', () => {
  it('takes as long as down, train and up', () => {
    // 5 MB · 8 / 40 Mbit/s + 1 s + 2.5 MB · 8 / 10 Mbit/s = 1 s + 1 s + 2 s
    expect(devices().trip(0, 1, startAt, load)).toEqual({ end: 'reports', at: startAt + 4000, trainMs: 1000 })
  })

  it('depends on seed, device and round alone, not on who was asked before', () => {
    const random: Partial<ProfileSpec> = {
      speed: { name: 'lognormal', median: 100, sigma: 1 },
      dropout: { name: 'random', probability: 0.5 },
    }
    const [a, b] = [devices(random), devices(random)]
    const one = [0, 1, 2, 3].map((device) => a.trip(device, 7, startAt, load))
    const other = [3, 2, 1, 0].map((device) => b.trip(device, 7, startAt, load)).reverse()
    expect(other).toEqual(one)
    expect(new Set(one.map(({ at }) => at)).size).toBe(4)
    expect(a.trip(0, 8, startAt, load)).not.toEqual(a.trip(0, 7, startAt, load))
  })

  it('ends where the device’s window closes', () => {
    // from 01:00 to 03:00: at 02:59:59 there is one second left of the four that it takes
    const diurnal = devices({ availability: { name: 'diurnal', peakHour: 2, spreadHours: 0, hours: 2 } })
    expect(diurnal.isAvailable(0, startAt + 0.5 * hourMs)).toBe(false)
    expect(diurnal.isAvailable(0, startAt + 1 * hourMs)).toBe(true)
    expect(diurnal.isAvailable(0, startAt + 24 * hourMs + 2.5 * hourMs)).toBe(true)
    expect(diurnal.isAvailable(0, startAt + 3 * hourMs)).toBe(false)
    const late = startAt + 3 * hourMs - 1000
    expect(diurnal.trip(0, 1, late, load)).toEqual({ end: 'lost', at: late + 1000 })
  })

  it('ends somewhere in the middle for the share that drops out', () => {
    // 2,000 devices, p = 0.3: the count is normal with a standard deviation of √(2000 · 0.3 · 0.7) = 20.5; 5 of them are 102
    const dropping = devices({ dropout: { name: 'random', probability: 0.3 } }, 2000)
    const trips = Array.from({ length: 2000 }, (_, device) => dropping.trip(device, 1, startAt, load))
    const lost = trips.filter(({ end }) => end === 'lost')
    expect(Math.abs(lost.length - 600)).toBeLessThan(102)
    expect(lost.every(({ at }) => at >= startAt && at < startAt + 4000)).toBe(true)
  })
})

describe('windows', () => {
  it('go on past midnight', () => {
    const window = availabilities.diurnal.make({ peakHour: 0, spreadHours: 0, hours: 6 }).window(makeRng(1))
    expect(window).toEqual({ startMs: 21 * hourMs, lengthMs: 6 * hourMs })
    const night = devices({ availability: { name: 'diurnal', peakHour: 0, spreadHours: 0, hours: 6 } })
    expect([20, 22, 26, 28].map((hour) => night.isAvailable(0, startAt + hour * hourMs))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })
})

describe('speeds', () => {
  const draw = (speed: { examplesPerSecond: (rng: ReturnType<typeof makeRng>) => number }) => {
    const rng = makeRng(3)
    return Array.from({ length: 10_001 }, () => speed.examplesPerSecond(rng)).sort((a, b) => a - b)
  }
  const at = (sorted: readonly number[], share: number) => sorted[Math.round(share * (sorted.length - 1))]!

  it('lognormal: median and one standard deviation below it', () => {
    const sorted = draw(speeds.lognormal.make({ median: 100, sigma: 1 }))
    // 10,001 draws: the standard error of ln(quantile) is √(p(1−p)/n)/φ(z): 0.0125 at the median, 0.015 at z = −1; 5 of them
    expect(Math.abs(Math.log(at(sorted, 0.5) / 100))).toBeLessThan(0.0625)
    expect(Math.abs(Math.log(at(sorted, 0.15866) / (100 / Math.E)))).toBeLessThan(0.076)
  })

  it('pareto: nobody beats the fastest; a share x^-shape takes x times as long', () => {
    const sorted = draw(speeds.pareto.make({ fastest: 100, shape: 2 }))
    expect(sorted.at(-1)).toBeLessThanOrEqual(100)
    // 4 times as long with probability 4^-2 = 0.0625; standard error √(0.0625 · 0.9375 / 10001) = 0.0024, 5 of them 0.012
    const share = sorted.filter((speed) => speed < 25).length / sorted.length
    expect(Math.abs(share - 0.0625)).toBeLessThan(0.0122)
  })

  it('half-normal: nobody beats the fastest; half of them take 0.674 spreads longer', () => {
    const sorted = draw(speeds['half-normal'].make({ fastest: 100, spread: 1 }))
    expect(sorted.at(-1)).toBeLessThanOrEqual(100)
    // the median of |Z| is 0.6745; standard error of it √(0.25/10001)/(2φ(0.6745)) = 0.0079, 5 of them 0.039
    expect(Math.abs(100 / at(sorted, 0.5) - 1.6745)).toBeLessThan(0.04)
  })
})

describe('battery daily', () => {
  // always on its charger for 6 hours; then 20 hours to empty, training 5 more
  const options = { chargeHours: 6, lifeHours: 20, trainingHours: 5, minimumLevel: 0.5 }
  const battery = batteries.daily.make(options).open(makeRng(1))!
  // uniform() is the first draw: when it is plugged in
  const unplugged = startAt + makeRng(1).uniform() * 24 * hourMs + 6 * hourMs

  it('falls from full to nothing, and stops whoever is below the level', () => {
    // half full 10 of 20 hours after the charger
    expect(battery.allows(unplugged + 9.9 * hourMs)).toBe(true)
    expect(battery.allows(unplugged + 10.1 * hourMs)).toBe(false)
    expect(battery.allows(unplugged + 18.1 * hourMs)).toBe(true) // on the charger again
  })

  it('lasts as long as what is in it bears life and training', () => {
    // full: 1 / (1/20 + 1/5) = 4 hours; on the charger for ever
    expect(battery.lastsMs(unplugged + 1)).toBeCloseTo(4 * hourMs, -2)
    expect(battery.lastsMs(unplugged - 1)).toBe(Infinity)
  })
})
