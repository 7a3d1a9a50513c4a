import { describe, expect, it } from '@jest/globals'
import { systemClock } from '@panal/client-core'

/** Timers that fire when the test says so, and remember what they were asked for. */
function heldTimers() {
  const asked: number[] = []
  let fire = (): void => undefined
  const timers = {
    setTimeout(callback: () => void, ms: number) {
      asked.push(ms)
      fire = callback
    },
    clearTimeout: () => undefined,
  }
  return { timers, asked, fire: () => fire() }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('systemClock', () => {
  it('sleeps longer than a timer can count, in parts', async () => {
    const { timers, asked, fire } = heldTimers()
    const longest = 2 ** 31 - 1
    const slept = systemClock(timers).sleep(2 * longest + 5)
    for (let i = 0; i < 2; i++) {
      fire()
      await settled()
    }
    fire()
    await slept
    expect(asked).toEqual([longest, longest, 5])
  })

  it('stops in any part of it, with the signal’s reason', async () => {
    const { timers, asked, fire } = heldTimers()
    const stop = new AbortController()
    const slept = systemClock(timers).sleep(Infinity, stop.signal)
    fire()
    await settled()
    stop.abort(new Error('enough'))
    await expect(slept).rejects.toThrow('enough')
    expect(asked).toHaveLength(2)
  })
})
