import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { virtualClock } from '@panal/client-core'
import { Population, type Link } from '@panal/server'
import { digitsLike } from '../../fixtures/task-document.ts'

const document = digitsLike({
  lease: { heartbeatMs: 1_000, leaseMs: 3_000 },
  eligibility: { charging: true, minExamples: 5 },
})
const nobody: Link = { send: () => undefined, close: () => undefined }
const deviceId = fc.constantFrom('d_a', 'd_b', 'd_c', 'd_d')
const conditions = fc.record({ charging: fc.boolean(), unmetered: fc.constant(true), idle: fc.constant(true) })
const step = fc.oneof(
  fc.record({ do: fc.constant('join' as const), deviceId, conditions, numExamples: fc.integer({ min: 4, max: 5 }) }),
  fc.record({
    do: fc.constant('heartbeat' as const),
    deviceId,
    conditions,
    phase: fc.constantFrom('waiting' as const, 'training' as const, 'paused' as const),
  }),
  fc.record({ do: fc.constantFrom('leave' as const, 'unlink' as const, 'expect' as const, 'wait' as const), deviceId }),
)

it('the count of those that may be asked is their number, and it never rises unheard', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const clock = virtualClock()
      let arrivals = 0
      const population = new Population(document, clock, { gone: () => undefined, arrived: () => arrivals++ })
      const links = new Map<string, Link>()
      for (const each of steps) {
        const before = { arrivals, numAvailable: population.numAvailable }
        if (each.do === 'join') {
          // The server's socket says at once that the older connection is gone.
          const link: Link = { send: () => undefined, close: () => population.unlink(each.deviceId, link) }
          const about = { protocolVersion: 2, taskId: document.id, proof: 'a.b.c' }
          population.join({ ...about, ...each }, link)
          links.set(each.deviceId, link)
        } else if (each.do === 'heartbeat') population.heartbeat(each.deviceId, each)
        else if (each.do === 'leave') population.leave(each.deviceId)
        else if (each.do === 'expect') population.expect(each.deviceId)
        else if (each.do === 'unlink') population.unlink(each.deviceId, links.get(each.deviceId) ?? nobody)
        else {
          await clock.advance(1_600)
          population.sweep()
        }
        expect(population.numAvailable).toBe(population.available().length)
        if (population.numAvailable > before.numAvailable) expect(arrivals).toBeGreaterThan(before.arrivals)
      }
    }),
  )
})
