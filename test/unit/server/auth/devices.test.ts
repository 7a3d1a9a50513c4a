import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { deviceIdOf, PanalError, type PublicJwk } from '@panal/client-core'
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
afterEach(() => {
  jest.restoreAllMocks()
})

describe('Devices', () => {
  it('[P5] calls a device by its key, and enrols it once', async () => {
    expect(await devices.enrol(entry(a!))).toBe(deviceIdOf(a!))
    expect(await devices.enrol(entry(a!))).toBe(deviceIdOf(a!))
    expect(devices.list()).toHaveLength(1)
    expect(await devices.enrol(entry(b!))).not.toBe(deviceIdOf(a!))
    expect(devices.list()).toHaveLength(2)
  })

  it('lets a device serve the tasks that it enrolled for, over a restart', async () => {
    const id = await devices.enrol(entry(a!))
    await devices.enrol(entry(a!, { taskId: 'credit' }))
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

  it('[F17] refuses a revoked device from the next question on, also to enrol again, and audits it once', async () => {
    const id = await devices.enrol(entry(a!))
    devices.revoke(id, because)
    devices.revoke(id, because)
    expect(devices.standing(id)).toBe('revoked')
    expect(devices.standing(id, 'digits')).toBe('revoked')
    await expect(devices.enrol(entry(a!))).rejects.toThrow(expect.objectContaining({ code: 'revoked' }))
    expect(store.audit.entries()).toMatchObject([
      { actor: 'ada', action: 'device-revoked', detail: { deviceId: id, reason: 'it lies' } },
    ])
    expect(devices.list()).toMatchObject([{ id, tasks: ['digits'], revokedAt: 1_000_000, reason: 'it lies' }])
    expect(() => devices.revoke(deviceIdOf(b!), because)).toThrow(expect.objectContaining({ code: 'not-found' }))
  })

  it('keeps a quarantine over a restart and ends it when told to, audited; the device is as good as before', async () => {
    const id = await devices.enrol(entry(a!))
    await devices.enrol(entry(b!))
    devices.quarantine(id, because)
    expect([devices.isQuarantined(id), devices.standing(id)]).toEqual([true, 'good'])
    await store.reopen()
    devices = new Devices(store)
    expect(devices.isQuarantined(id)).toBe(true)
    expect(devices.list({ quarantined: true })).toMatchObject([
      { id, quarantinedAt: 1_000_000, revokedAt: null, reason: 'it lies' },
    ])
    devices.release(id, { actor: 'ada', reason: 'it was the data' })
    devices.release(id, { actor: 'ada', reason: 'again' }) // changes nothing
    expect(devices.isQuarantined(id)).toBe(false)
    expect(devices.list({ quarantined: true })).toEqual([])
    expect(store.audit.entries()).toMatchObject([
      { action: 'device-released', detail: { deviceId: id, reason: 'it was the data' } },
      { action: 'device-quarantined', detail: { deviceId: id, reason: 'it lies' } },
    ])
    const stranger = `d_${'A'.repeat(22)}`
    for (const decide of [devices.quarantine.bind(devices), devices.release.bind(devices)])
      expect(() => decide(stranger, because)).toThrow(expect.objectContaining({ code: 'not-found' }))
  })

  it('takes no more than so many new devices a day from one network', async () => {
    devices = new Devices({ ...store, maxPerNetwork: 1 })
    await devices.enrol(entry(a!))
    await expect(devices.enrol(entry(b!))).rejects.toThrow(expect.objectContaining({ code: 'rate-limited' }))
    expect(await devices.enrol(entry(a!))).toBe(deviceIdOf(a!))
    expect(await devices.enrol(entry(b!, { network: '198.51.100.0/24' }))).toBe(deviceIdOf(b!))
    const c = await (await testDevice('c')).keys.publicKey()
    await store.clock.advance(86_400_000)
    expect(await devices.enrol(entry(c))).toBe(deviceIdOf(c))
  })

  it('keeps nothing of an enrolment that is refused alongside', async () => {
    const alongside = () => {
      throw new Error('no')
    }
    await expect(devices.enrol({ ...entry(a!), alongside })).rejects.toThrow('no')
    expect(devices.standing(deviceIdOf(a!))).toBe('unknown')
  })

  it('enrols a crowd in few writes, and refuses only whom it must', async () => {
    const crowd = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => entry(await (await testDevice(`crowd ${i}`)).keys.publicKey())),
    )
    const refused = crowd[100]!
    const alongside = () => {
      throw new PanalError('invalid-invitation')
    }
    const writes = jest.spyOn(store.db, 'transaction')
    const enrolled = await Promise.allSettled(
      crowd.map((each) => devices.enrol(each === refused ? { ...each, alongside } : each)),
    )
    // The first that comes is written alone, all others while it is.
    expect(writes).toHaveBeenCalledTimes(2)
    expect(enrolled.filter(({ status }) => status === 'rejected')).toEqual([enrolled[100]])
    expect(enrolled[100]).toMatchObject({ reason: { code: 'invalid-invitation' } })
    expect(crowd.map(({ jwk }) => devices.standing(deviceIdOf(jwk), 'digits'))).toEqual(
      crowd.map((each) => (each === refused ? 'unknown' : 'good')),
    )
  })

  it('lists all of them page by page, also those of one moment', async () => {
    const ids: string[] = []
    for (let i = 0; i < 7; i++) {
      ids.push(await devices.enrol(entry(await (await testDevice(`page ${i}`)).keys.publicKey())))
      if (i === 2) await store.clock.advance(1)
    }
    const listed: string[] = []
    for (let after: string | undefined; ;) {
      const page = devices.list({ limit: 2, ...(after !== undefined && { after }) })
      if (page.length === 0) break
      listed.push(...page.map(({ id }) => id))
      after = listed.at(-1)
    }
    expect(listed).toEqual([...ids.slice(3).sort(), ...ids.slice(0, 3).sort()])
    expect(() => devices.list({ after: deviceIdOf(b!) })).toThrow(expect.objectContaining({ code: 'not-found' }))
  })

  it('keeps nobody of a crowd when the disk is full, and says so to each', async () => {
    jest.spyOn(store.db, 'run').mockImplementationOnce(() => {
      throw new PanalError('disk-full')
    })
    await expect(devices.enrol(entry(a!))).rejects.toMatchObject({ code: 'disk-full' })
    expect(devices.standing(deviceIdOf(a!))).toBe('unknown')
    expect(await devices.enrol(entry(a!))).toBe(deviceIdOf(a!))
  })

  describe('notes when a device was last seen', () => {
    const seenAt = () => store.db.all(query.selectFrom('devices').select('last_seen_at')).map((row) => row.last_seen_at)

    it('to the hour, within a second', async () => {
      const id = await devices.enrol(entry(a!))
      await store.clock.advance(3_599_999)
      devices.standing(id)
      await store.clock.advance(1)
      devices.standing(id)
      expect(seenAt()).toEqual([1_000_000])
      await store.clock.advance(1_000)
      expect(seenAt()).toEqual([1_000_000 + 3_600_000])
    })

    it('all that come back in one second in one write', async () => {
      const ids = [await devices.enrol(entry(a!)), await devices.enrol(entry(b!))]
      await store.clock.advance(3_600_000)
      const writes = jest.spyOn(store.db, 'transaction')
      for (let time = 0; time < 3; time++) for (const id of ids) expect(devices.standing(id)).toBe('good')
      expect(writes).not.toHaveBeenCalled()
      await store.clock.advance(1_000)
      expect(writes).toHaveBeenCalledTimes(1)
      expect(seenAt()).toEqual([1_000_000 + 3_600_000, 1_000_000 + 3_600_000])
    })

    it('also when the server closes before the second is over', async () => {
      const id = await devices.enrol(entry(a!))
      await store.clock.advance(3_600_000)
      devices.standing(id)
      devices.close()
      expect(seenAt()).toEqual([1_000_000 + 3_600_000])
      expect(store.clock.nextWakeAt).toBeUndefined()
    })

    it('or not at all, where the disk is full: the device is as good', async () => {
      const id = await devices.enrol(entry(a!))
      await store.clock.advance(3_600_000)
      expect(devices.standing(id)).toBe('good')
      jest.spyOn(store.db, 'run').mockImplementationOnce(() => {
        throw new PanalError('disk-full')
      })
      await store.clock.advance(1_000)
      expect(seenAt()).toEqual([1_000_000])
      devices.standing(id)
      await store.clock.advance(1_000)
      expect(seenAt()).toEqual([1_000_000 + 3_601_000])
    })
  })
})
