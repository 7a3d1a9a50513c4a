import { afterEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { getJson } from '../../../../client-web/src/api/http.ts'
import { learnOffset, serverNow } from '../../../../client-web/src/api/server-clock.ts'
import { clock } from '../../../../client-web/src/clock.ts'

const realFetch = globalThis.fetch
afterEach(() => {
  globalThis.fetch = realFetch
})

describe('the server’s clock', () => {
  it('is this device’s own until an answer proves that wrong', () => {
    expect(learnOffset(0, { date: 5000, sentAt: 5200, receivedAt: 5300 })).toBe(0)
    expect(learnOffset(0, { date: 65_000, sentAt: 5200, receivedAt: 5300 })).toBe(59_700)
    expect(learnOffset(0, { date: 5000, sentAt: 65_200, receivedAt: 65_300 })).toBe(-59_200)
  })

  it('is found to within a second and a round trip, from any answer and any first belief', () => {
    const ms = fc.integer({ min: 0, max: 2_000 })
    const offset = fc.integer({ min: -1e9, max: 1e9 })
    fc.assert(
      fc.property(offset, offset, ms, ms, ms, (truth, believed, sentAt, thereMs, backMs) => {
        const date = Math.floor((sentAt + thereMs + truth) / 1000) * 1000
        const receivedAt = sentAt + thereMs + backMs
        const learnt = learnOffset(believed, { date, sentAt, receivedAt })
        expect(Math.abs(learnt - truth)).toBeLessThanOrEqual(1000 + thereMs + backMs)
        expect(learnOffset(truth, { date, sentAt, receivedAt })).toBe(truth)
      }),
    )
  })

  it('is read from every answer, also a refusal; an answer without a date changes nothing', async () => {
    const answer = (status: number, headers: Record<string, string>) => {
      globalThis.fetch = () => Promise.resolve(new Response('{"code":"unknown-task"}', { status, headers }))
      return getJson('/v1/tasks').catch(() => undefined)
    }
    const anHourAhead = clock.now() + 3_600_000
    await answer(404, { date: new Date(anHourAhead).toUTCString() })
    expect(Math.abs(serverNow() - clock.now() - 3_600_000)).toBeLessThan(10_000)
    const before = serverNow() - clock.now()
    await answer(200, {})
    await answer(200, { date: 'yesterday' })
    expect(Math.abs(serverNow() - clock.now() - before)).toBeLessThan(10_000)
    await answer(200, { date: new Date(clock.now()).toUTCString() })
    expect(Math.abs(serverNow() - clock.now())).toBeLessThan(10_000)
  })
})
