import { beforeEach, describe, expect, it } from '@jest/globals'
import { virtualClock, type VirtualClock } from '@panal/client-core'
import { SignInThrottle, type Attempt } from '../../../../server/src/auth/sign-in-throttle.ts'

let clock: VirtualClock
let throttle: SignInThrottle
beforeEach(() => {
  clock = virtualClock({ startAt: 1_000_000 })
  throttle = new SignInThrottle({ clock })
})

/** How long an attempt is told to wait; 0 where it may be made. It fails. */
function waitOf(attempt: Attempt): number {
  try {
    throttle.begin(attempt)
    return 0
  } catch (error) {
    return (error as { retryAfterMs: number }).retryAfterMs
  }
}
const ada = (network: string, browser?: string): Attempt => ({
  name: 'ada',
  network,
  ...(browser === undefined ? {} : { browser }),
})

describe('brute force', () => {
  it('waits grow from 1 s, doubled by each failure, to 15 min', async () => {
    const waits: number[] = []
    for (let attempt = 0; attempt < 40; attempt++) {
      const waitMs = waitOf(ada('n'))
      if (waitMs > 0) waits.push(waitMs)
      await clock.advance(waitMs)
    }
    // 5 failures are free; the 6th costs 1 s, the 16th 1,024 s, which is over 15 min.
    expect(waits.slice(0, 6)).toEqual([1000, 2000, 4000, 8000, 16000, 32000])
    expect(waits.at(-1)).toBe(900_000)
  })

  it('many at once count as many', () => {
    const begun = Array.from({ length: 50 }, () => waitOf(ada('n')))
    expect(begun.filter((waitMs) => waitMs === 0)).toHaveLength(6)
  })

  it('from ever other networks slows strangers down, and is reported once', () => {
    const reports = Array.from({ length: 40 }, (_, i) => {
      try {
        return throttle.begin(ada(`network ${i}`)).isUnderAttack
      } catch {
        return 'refused'
      }
    })
    expect(reports.filter((report) => report === true)).toHaveLength(1)
    expect(reports.at(-1)).toBe('refused')
    // … and never whoever comes in a browser that has been here before, from wherever.
    expect(waitOf(ada('network 1', 'own'))).toBe(0)
  })

  it('is reported once, though attempts that were never judged are taken back', () => {
    const reports = Array.from({ length: 30 }, (_, i) => {
      const attempt = ada(`network ${i}`)
      const { isUnderAttack } = throttle.begin(attempt)
      if (i >= 25) throttle.undo(attempt)
      return isUnderAttack
    })
    expect(reports.filter(Boolean)).toHaveLength(1)
  })

  it('one network that tries many names is slowed down as well', () => {
    const waits = Array.from({ length: 40 }, (_, i) => waitOf({ name: `name ${i}`, network: 'n' }))
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(26)
    expect(waitOf({ name: 'name 1', network: 'other' })).toBe(0)
  })

  it('a browser that is known is counted too', () => {
    const waits = Array.from({ length: 30 }, () => waitOf(ada('n', 'stolen')))
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(11)
  })
})

it('a success starts one’s own counts again, and gives nobody else a free guess', () => {
  for (let i = 0; i < 4; i++) waitOf(ada('n'))
  throttle.begin(ada('n'))
  throttle.succeeded(ada('n'))
  for (let i = 0; i < 5; i++) expect(waitOf(ada('n'))).toBe(0)
  // 4 + 5 failures by name; a success of another pair takes back only its own.
  const others = Array.from({ length: 30 }, (_, i) => waitOf(ada(`m${i}`)))
  expect(others.filter((waitMs) => waitMs === 0)).toHaveLength(26 - 9)
})

it('after a day without an attempt all is forgotten', async () => {
  for (let i = 0; i < 6; i++) waitOf(ada('n'))
  expect(waitOf(ada('n'))).toBe(1000)
  await clock.advance(24 * 3_600_000)
  for (let i = 0; i < 5; i++) expect(waitOf(ada('n'))).toBe(0)
})
