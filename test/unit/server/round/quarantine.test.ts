import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { DeviceId } from '@panal/client-core'
import { RoundsBench, type Device } from '../../../fixtures/rounds.ts'

const quarantined = new Set<DeviceId>()
let bench: RoundsBench
let devices: Device[]

/** A round that three devices were asked in. */
beforeEach(async () => {
  quarantined.clear()
  bench = await RoundsBench.open(
    { rounds: { minIntervalMs: 1_000 } },
    { isQuarantined: (deviceId) => quarantined.has(deviceId) },
  )
  const opened = bench.until((round) => round.phase === 'collecting')
  devices = ['a', 'b', 'c'].map((name) => bench.join(name))
  await opened
})
afterEach(() => bench.remove())

function quarantine({ join: { deviceId } }: Device): void {
  quarantined.add(deviceId)
  bench.rounds.quarantineChanged(deviceId)
}
const refused = { code: 'quarantined' }

describe('[P23] a device in quarantine', () => {
  it('is told to stop, and the round goes on without it', async () => {
    const closed = bench.closing(1)
    quarantine(devices[0]!)
    expect(devices[0]!.withdrawn).toMatchObject([{ roundNumber: 1, code: 'not-assigned' }])
    expect(devices[0]!.closed).toEqual([])
    await bench.upload(devices[1]!, [1, 1, 1, 1])
    await bench.upload(devices[2]!, [1, 1, 1, 1])
    expect(await closed).toMatchObject({ outcome: 'promoted', numAccepted: 2 })
  })

  it('has its uploads refused, those in flight as well', async () => {
    const stalled = new Readable({ read: () => undefined })
    stalled.push(Buffer.alloc(5))
    const inFlight = expect(bench.upload(devices[0]!, [1, 1, 1, 1], { body: stalled })).rejects.toMatchObject(refused)
    quarantine(devices[0]!)
    await inFlight
    await expect(bench.upload(devices[0]!, [1, 1, 1, 1])).rejects.toMatchObject(refused)
    const target = { taskId: 'digits', roundNumber: 1, deviceId: devices[0]!.join.deviceId, sha256: 'a'.repeat(64) }
    await expect(bench.rounds.uploadOffset(target)).rejects.toMatchObject(refused)
    expect(bench.log.updatesOf('digits', 1)).toEqual([])
  })

  it('keeps what was counted before', async () => {
    const closed = bench.closing(1)
    await bench.upload(devices[0]!, [1, 1, 1, 1])
    quarantine(devices[0]!)
    await bench.upload(devices[1]!, [1, 1, 1, 1])
    await bench.upload(devices[2]!, [1, 1, 1, 1])
    expect(await closed).toMatchObject({ numAccepted: 3 })
  })

  it('stays joined and is not asked, also when it joins anew; once it is released it is', async () => {
    quarantine(devices[0]!)
    await bench.upload(devices[1]!, [1, 1, 1, 1])
    const closed = bench.closing(1)
    await bench.upload(devices[2]!, [1, 1, 1, 1])
    await closed
    const { deviceId } = devices[0]!.join
    expect(bench.rounds.numMembers('digits')).toBe(3)
    const again = bench.join('a')
    expect(again.assignments).toEqual([])
    const second = await bench.letTimePass(bench.until((round) => round.number === 2))
    expect(second.numInvited).toBe(2)
    quarantined.delete(deviceId)
    bench.rounds.quarantineChanged(deviceId)
    const closing = bench.closing(2)
    for (const device of devices.slice(1)) await bench.upload(device, [1, 1, 1, 1])
    await closing
    const third = await bench.letTimePass(bench.until((round) => round.number === 3))
    expect(third.numInvited).toBe(3)
    expect(again.assignments).toMatchObject([{ roundNumber: 3 }])
  })
})
