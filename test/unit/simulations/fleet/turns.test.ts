import { describe, expect, it } from '@jest/globals'
import { takeTurns } from '../../../../simulations/src/fleet/turns.ts'

const never = new AbortController().signal

/** Work that ends when it is told to. */
function gated(log: string[], name: string) {
  let end = () => {}
  const ended = new Promise<void>((resolve) => (end = resolve))
  const work = async () => {
    log.push(`${name} begins`)
    await ended
    log.push(`${name} ends`)
    return name
  }
  return { work, end }
}

describe('takeTurns', () => {
  it('runs one at a time, in the order of asking', async () => {
    const log: string[] = []
    const turns = takeTurns()
    const [a, b] = [gated(log, 'a'), gated(log, 'b')]
    b.end()
    const done = Promise.all([turns(a.work, never), turns(b.work, never)])
    a.end()
    expect(await done).toEqual(['a', 'b'])
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  })

  it('goes on after work that failed', async () => {
    const turns = takeTurns()
    const failed = turns(() => Promise.reject(new Error('no')), never)
    const next = turns(() => Promise.resolve('yes'), never)
    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe('yes')
  })

  it('lets a waiter give up at once, without letting the next one past whoever is working', async () => {
    const log: string[] = []
    const turns = takeTurns()
    const [a, c] = [gated(log, 'a'), gated(log, 'c')]
    c.end()
    const working = turns(a.work, never)
    const leaving = new AbortController()
    const given = turns(() => Promise.resolve(log.push('b begins')), leaving.signal)
    const waiting = turns(c.work, never)
    leaving.abort(new Error('left'))
    await expect(given).rejects.toThrow('left')
    expect(log).toEqual(['a begins'])
    a.end()
    await Promise.all([working, waiting])
    expect(log).toEqual(['a begins', 'a ends', 'c begins', 'c ends'])
  })
})
