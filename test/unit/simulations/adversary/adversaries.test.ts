import { describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { drawAdversaries, numAdversaries } from '@panal/simulations'

const attack = { name: 'alie' } as const

describe('adversaries', () => {
  it('are a number of devices, or a fraction to the nearest number', () => {
    expect(numAdversaries({ count: 7, attack }, 20)).toBe(7)
    expect(numAdversaries({ fraction: 0.33, attack }, 20)).toBe(7) // 6.6
  })

  it('are drawn by the seed, each device as likely as any other', () => {
    const drawn = (seed: number) => drawAdversaries({ fraction: 0.25, attack }, 20, makeRng(seed))
    expect([...drawn(3)]).toEqual([...drawn(3)])
    const times = new Array<number>(20).fill(0)
    for (let seed = 0; seed < 2000; seed++) {
      const devices = [...drawn(seed)]
      expect(devices).toHaveLength(5)
      for (const device of devices) times[device]!++
    }
    // Each Binomial(2000, 1/4): 500 with a standard deviation of 19.4, within five of them; the seeds are fixed.
    for (const count of times) expect(Math.abs(count - 500)).toBeLessThan(97)
  })

  it('may be none or all', () => {
    expect(drawAdversaries({ count: 0, attack }, 5, makeRng(1)).size).toBe(0)
    expect([...drawAdversaries({ fraction: 1, attack }, 5, makeRng(1))].sort()).toEqual([0, 1, 2, 3, 4])
  })
})
