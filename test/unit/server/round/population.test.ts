import { describe, expect, it } from '@jest/globals'
import { virtualClock, type Closing, type Join } from '@panal/client-core'
import { Population, type Link, type TaskDocument } from '@panal/server'
import { digitsLike } from '../../../fixtures/task-document.ts'

const document = digitsLike({
  lease: { heartbeatMs: 1_000, leaseMs: 3_000 },
  eligibility: { charging: true, minExamples: 5 },
})
const idle = { charging: true, unmetered: true, idle: true }

const join = (deviceId: string, changes: Partial<Join> = {}): Join => ({
  protocolVersion: 2,
  taskId: document.id,
  deviceId,
  proof: 'a.b.c',
  numExamples: 10,
  conditions: idle,
  ...changes,
})

function link(): Link & { readonly closed: Closing[] } {
  const closed: Closing[] = []
  return { closed, send: () => undefined, close: (closing) => closed.push(closing) }
}

function setup(changes: Partial<TaskDocument> = {}) {
  const clock = virtualClock()
  const told: string[] = []
  const population = new Population({ ...document, ...changes }, clock, {
    gone: (deviceId) => told.push(`gone ${deviceId}`),
    arrived: () => told.push('arrived'),
  })
  return { clock, told, population }
}

describe('Population', () => {
  it('[R8] keeps a device that lost its connection until its lease is over', async () => {
    const { clock, told, population } = setup()
    const first = link()
    population.join(join('d_a'), first)
    population.unlink('d_a', first)
    expect(population.available()).toEqual([])
    await clock.advance(3_000)
    population.sweep()
    expect([population.size, told]).toEqual([1, ['arrived']])
    await clock.advance(1)
    population.sweep()
    expect([population.size, told]).toEqual([0, ['arrived', 'gone d_a']])
  })

  it('[R8] a heartbeat renews the lease; after it has lapsed the device is told to join again', async () => {
    const { clock, population } = setup()
    population.join(join('d_a'), link())
    await clock.advance(2_900)
    expect(population.heartbeat('d_a', { phase: 'waiting', conditions: idle })).toEqual({ ok: true })
    await clock.advance(2_900)
    population.sweep()
    expect(population.size).toBe(1)
    await clock.advance(101)
    population.sweep()
    expect(population.heartbeat('d_a', { phase: 'waiting', conditions: idle })).toMatchObject({ code: 'lease-lapsed' })
  })

  it('asks only devices that wait, are connected and within the conditions', () => {
    const { population } = setup()
    population.join(join('d_ready'), link())
    population.join(join('d_on_battery', { conditions: { ...idle, charging: false } }), link())
    population.join(join('d_too_few', { numExamples: 4 }), link())
    population.join(join('d_paused'), link())
    population.heartbeat('d_paused', { phase: 'paused', conditions: idle })
    expect(population.available()).toEqual(['d_ready'])
    population.heartbeat('d_paused', { phase: 'waiting', conditions: idle })
    expect(population.available()).toEqual(['d_ready', 'd_paused'])
  })

  it('closes the older of two connections of one device, and a late loss of the older changes nothing', () => {
    const { population } = setup()
    const [older, newer] = [link(), link()]
    population.join(join('d_a'), older)
    population.join(join('d_a'), newer)
    expect([older.closed, newer.closed]).toMatchObject([[{ code: 'superseded' }], []])
    population.unlink('d_a', older)
    expect(population.available()).toEqual(['d_a'])
  })

  it('[R9] expects a device of an open round for a minute after a restart, whose pauses may have grown to 45 s', async () => {
    const { clock, told, population } = setup()
    population.expect('d_a')
    expect(population.available()).toEqual([])
    await clock.advance(60_000)
    population.sweep()
    expect(told).toEqual([])
    await clock.advance(1)
    population.sweep()
    expect(told).toEqual(['gone d_a'])
  })

  it('[R9] expects it for one lease, where that is longer', async () => {
    const { clock, told, population } = setup({ lease: { heartbeatMs: 30_000, leaseMs: 90_000 } })
    population.expect('d_a')
    await clock.advance(90_000)
    population.sweep()
    expect(told).toEqual([])
    await clock.advance(1)
    population.sweep()
    expect(told).toEqual(['gone d_a'])
  })
})
