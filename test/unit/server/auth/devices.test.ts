import { readFile } from 'node:fs/promises'
import Libsql from 'libsql'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { DeviceId, Join } from '@panal/client-core'
import { Devices } from '../../../../server/src/auth/devices.ts'
import { query } from '../../../../server/src/store/sync-query.ts'
import Value from 'typebox/value'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
let devices: Devices
beforeEach(() => {
  devices = new Devices(store)
})

describe('Devices', () => {
  it('gives ids and tokens that the protocol takes, never the same twice', () => {
    const enrolled = Array.from({ length: 50 }, () => devices.enrol())
    for (const { deviceId, deviceToken } of enrolled) {
      expect(Value.Check(DeviceId, deviceId)).toBe(true)
      expect(Value.Check(Join.properties.deviceToken, deviceToken)).toBe(true)
    }
    expect(new Set(enrolled.flatMap(({ deviceId, deviceToken }) => [deviceId, deviceToken])).size).toBe(100)
    expect(devices.count()).toBe(50)
  })

  it('knows a device by its token and by nothing else, over a restart', async () => {
    const [a, b] = [devices.enrol(), devices.enrol()]
    await store.reopen()
    devices = new Devices(store)
    expect(devices.verify(a.deviceId, a.deviceToken)).toBe(true)
    expect(devices.verify(a.deviceId, b.deviceToken)).toBe(false)
    expect(devices.verify(a.deviceId, '')).toBe(false)
    expect(devices.verify(`d_${'x'.repeat(22)}`, a.deviceToken)).toBe(false)
    // What the server keeps must not open the door either.
    const kept = store.db.first(query.selectFrom('devices').select('token_hash').where('id', '=', a.deviceId))
    expect(devices.verify(a.deviceId, kept!.token_hash)).toBe(false)
  })

  it('keeps no token on disk', async () => {
    const { deviceId, deviceToken } = devices.enrol()
    const raw = new Libsql(store.dataDir.databaseFile)
    raw.pragma('wal_checkpoint(truncate)')
    raw.close()
    const file = await readFile(store.dataDir.databaseFile)
    expect(file.includes(deviceId)).toBe(true)
    expect(file.includes(deviceToken)).toBe(false)
  })

  it('refuses a revoked device from the next request on, and audits it once', () => {
    const { deviceId, deviceToken } = devices.enrol()
    devices.revoke(deviceId, 'ada')
    devices.revoke(deviceId, 'ada')
    expect(devices.verify(deviceId, deviceToken)).toBe(false)
    expect(devices.count()).toBe(0)
    expect(store.audit.entries()).toMatchObject([{ actor: 'ada', action: 'device-revoked', detail: { deviceId } }])
    expect(() => devices.revoke('d_unknown', 'ada')).toThrow(expect.objectContaining({ code: 'not-found' }))
  })

  it('notes when a device was last seen, to the hour', async () => {
    const { deviceId, deviceToken } = devices.enrol()
    const seenAt = () => store.db.first(query.selectFrom('devices').select('last_seen_at'))?.last_seen_at
    await store.clock.advance(3_599_999)
    devices.verify(deviceId, deviceToken)
    expect(seenAt()).toBe(1_000_000)
    await store.clock.advance(1)
    devices.verify(deviceId, deviceToken)
    expect(seenAt()).toBe(1_000_000 + 3_600_000)
  })
})
