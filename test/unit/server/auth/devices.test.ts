import { beforeEach, describe, expect, it } from '@jest/globals'
import { deviceIdOf, type PublicJwk } from '@panal/client-core'
import { Devices } from '../../../../server/src/auth/devices.ts'
import { query } from '../../../../server/src/store/sync-query.ts'
import { testDevice } from '../../../fixtures/test-device.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
const [a, b] = await Promise.all(['a', 'b'].map(async (label) => (await testDevice(label)).keys.publicKey()))
const entry = (jwk: PublicJwk, changes: { taskId?: string; network?: string } = {}) => ({
  taskId: 'digits',
  network: '192.0.2.0/24',
  jwk,
  ...changes,
})
const because = { actor: 'ada', reason: 'it lies' }

let devices: Devices
beforeEach(() => {
  devices = new Devices(store)
})

describe('Devices', () => {
  it('[P5] calls a device by its key, and enrols it once', () => {
    expect(devices.enrol(entry(a!))).toBe(deviceIdOf(a!))
    expect(devices.enrol(entry(a!))).toBe(deviceIdOf(a!))
    expect(devices.count()).toBe(1)
    expect(devices.enrol(entry(b!))).not.toBe(deviceIdOf(a!))
    expect(devices.count()).toBe(2)
  })

  it('lets a device serve the tasks that it enrolled for, over a restart', async () => {
    const id = devices.enrol(entry(a!))
    devices.enrol(entry(a!, { taskId: 'credit' }))
    await store.reopen()
    devices = new Devices(store)
    expect(devices.standing(id)).toBe('good')
    expect(['digits', 'credit', 'other'].map((taskId) => devices.standing(id, taskId))).toEqual([
      'good',
      'good',
      'unknown',
    ])
    expect(devices.standing(deviceIdOf(b!))).toBe('unknown')
  })

  it('[F17] refuses a revoked device from the next question on, also to enrol again, and audits it once', () => {
    const id = devices.enrol(entry(a!))
    devices.revoke(id, because)
    devices.revoke(id, because)
    expect(devices.standing(id)).toBe('revoked')
    expect(devices.standing(id, 'digits')).toBe('revoked')
    expect(() => devices.enrol(entry(a!))).toThrow(expect.objectContaining({ code: 'revoked' }))
    expect(devices.count()).toBe(0)
    expect(store.audit.entries()).toMatchObject([
      { actor: 'ada', action: 'device-revoked', detail: { deviceId: id, reason: 'it lies' } },
    ])
    expect(devices.list()).toMatchObject([{ id, tasks: ['digits'], revokedAt: 1_000_000, reason: 'it lies' }])
    expect(() => devices.revoke(deviceIdOf(b!), because)).toThrow(expect.objectContaining({ code: 'not-found' }))
  })

  it('takes no more than so many new devices a day from one network', async () => {
    devices = new Devices({ ...store, maxPerNetwork: 1 })
    devices.enrol(entry(a!))
    expect(() => devices.enrol(entry(b!))).toThrow(expect.objectContaining({ code: 'rate-limited' }))
    expect(devices.enrol(entry(a!))).toBe(deviceIdOf(a!))
    expect(devices.enrol(entry(b!, { network: '198.51.100.0/24' }))).toBe(deviceIdOf(b!))
    const c = await (await testDevice('c')).keys.publicKey()
    await store.clock.advance(86_400_000)
    expect(devices.enrol(entry(c))).toBe(deviceIdOf(c))
  })

  it('keeps nothing of an enrolment that is refused alongside', () => {
    const alongside = () => {
      throw new Error('no')
    }
    expect(() => devices.enrol({ ...entry(a!), alongside })).toThrow('no')
    expect(devices.standing(deviceIdOf(a!))).toBe('unknown')
  })

  it('notes when a device was last seen, to the hour', async () => {
    const id = devices.enrol(entry(a!))
    const seenAt = () => store.db.first(query.selectFrom('devices').select('last_seen_at'))?.last_seen_at
    await store.clock.advance(3_599_999)
    devices.standing(id)
    expect(seenAt()).toBe(1_000_000)
    await store.clock.advance(1)
    devices.standing(id)
    expect(seenAt()).toBe(1_000_000 + 3_600_000)
  })
})
