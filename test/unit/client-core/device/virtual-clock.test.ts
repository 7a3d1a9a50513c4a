import { describe, expect, it } from '@jest/globals'
import { virtualClock } from '@panal/client-core'

describe('virtualClock', () => {
  it('wakes sleepers at their own times, earliest first, and the older first where equal', async () => {
    const clock = virtualClock({ startAt: 1_000 })
    const woken: [string, number][] = []
    const sleep = async (name: string, ms: number) => {
      await clock.sleep(ms)
      woken.push([name, clock.now()])
    }
    void sleep('late', 30)
    void sleep('early', 10)
    void sleep('late too', 30)
    await clock.advance(29)
    expect(woken).toEqual([['early', 1_010]])
    await clock.advance(1)
    expect(woken.slice(1)).toEqual([
      ['late', 1_030],
      ['late too', 1_030],
    ])
    expect(clock.now()).toBe(1_030)
  })

  it('lets one that was woken sleep again within the same advance', async () => {
    const clock = virtualClock({ startAt: 0 })
    const ticks: number[] = []
    void (async () => {
      while (ticks.length < 5) {
        await clock.sleep(10)
        ticks.push(clock.now())
      }
    })()
    await clock.advance(35)
    expect(ticks).toEqual([10, 20, 30])
    expect(clock.now()).toBe(35)
    expect(clock.nextWakeAt).toBe(40)
  })

  it('a sleep of no time ends with the next advance, even of 0', async () => {
    const clock = virtualClock()
    let awake = false
    void clock.sleep(0).then(() => (awake = true))
    expect(awake).toBe(false)
    await clock.advance(0)
    expect(awake).toBe(true)
  })

  it('an aborted sleeper wakes with the reason and is forgotten', async () => {
    const clock = virtualClock()
    const stop = new AbortController()
    const failed = expect(clock.sleep(10, stop.signal)).rejects.toThrow('enough')
    stop.abort(new Error('enough'))
    await failed
    expect(clock.nextWakeAt).toBeUndefined()
    await expect(clock.sleep(10, stop.signal)).rejects.toThrow('enough')
  })

  it('waits for work outside the microtask queue with a `settle` of one’s own', async () => {
    const clock = virtualClock({ settle: () => new Promise((resolve) => setImmediate(resolve)) })
    const order: string[] = []
    void (async () => {
      await clock.sleep(10)
      await new Promise<void>((resolve) => process.nextTick(resolve))
      order.push('woken')
    })()
    await clock.advance(10)
    order.push('advanced')
    expect(order).toEqual(['woken', 'advanced'])
  })
})
