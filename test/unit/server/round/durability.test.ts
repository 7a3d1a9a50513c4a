import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { AuditLog, BlobFiles, Spool, SqlRegistry } from '@panal/server'
import { RoundRows } from '../../../../server/src/registry/round-rows.ts'
import { dataFolders } from '../../../../server/src/store/data-dir.ts'
import { ReadOnlyDatabase } from '../../../../server/src/store/read-only.ts'
import { RoundsBench, type Device } from '../../../fixtures/rounds.ts'

let bench: RoundsBench
let devices: Device[]

beforeEach(async () => {
  bench = await RoundsBench.open({ rounds: { minIntervalMs: 1_000 } })
})
afterEach(async () => {
  jest.restoreAllMocks()
  await bench.remove()
})

/** What another process would find committed at this moment. */
function onDisk<Found>(look: (registry: SqlRegistry) => Found): Found {
  const db = new ReadOnlyDatabase(dataFolders(bench.folder).databaseFile)
  const audit = new AuditLog({ db, clock: bench.clock })
  const blobs = new BlobFiles(dataFolders(bench.folder))
  try {
    return look(new SqlRegistry({ db, blobs, clock: bench.clock, audit, codeVersion: '' }))
  } finally {
    db.close()
  }
}

/** Three devices join; resolves when round 1 is open to them. */
function opened(): Promise<unknown> {
  const opening = bench.until((round) => round.phase === 'collecting')
  devices = ['a', 'b', 'c'].map((name) => bench.join(name))
  return opening
}
const uploadAll = () => Promise.all(devices.map((device, i) => bench.upload(device, [i, 1, 1, 1])))
const round = (registry: SqlRegistry) => registry.round('digits', 1)

describe('what is on the disk, and when', () => {
  it('[D1] the round as it was opened, before any assignment leaves', async () => {
    const found: unknown[] = []
    const opening = opened()
    for (const { link } of devices) jest.spyOn(link, 'send').mockImplementation(() => found.push(onDisk(round)))
    await opening
    await bench.clock.advance(0)
    expect(found).toHaveLength(3)
    for (const each of found)
      expect(each).toMatchObject({
        phase: 'collecting',
        planHash: bench.task.planHash,
        baseVersion: 0,
        cohort: devices.map(({ join: { deviceId } }) => deviceId),
        reportingGoal: 3,
        minimum: 2,
        deadlineAt: bench.clock.now() + 60_000,
      })
  })

  it('[D2] an update’s bytes, then its name, then its row; and only then its receipt', async () => {
    await opened()
    const order: string[] = []
    const { deviceId } = devices[0]!.join
    const target = { taskId: 'digits', roundNumber: 1, deviceId, sha256: '' }
    const spool = new Spool(join(bench.folder, 'uploads'))
    const probe = await open(dataFolders(bench.folder).databaseFile)
    const handles = Object.getPrototypeOf(probe) as Pick<typeof probe, 'datasync' | 'sync'>
    await probe.close()
    const { datasync, sync } = handles
    jest.spyOn(handles, 'datasync').mockImplementation(async function (this: typeof probe) {
      await datasync.call(this)
      if (existsSync(spool.part(target))) order.push('bytes')
    })
    jest.spyOn(handles, 'sync').mockImplementation(async function (this: typeof probe) {
      await sync.call(this)
      if (existsSync(spool.update(target))) order.push('name')
    })
    const receipt = bench.upload(devices[0]!, [1, 2, 3, 4]).then(() => order.push('receipt'))
    const record = bench.log.recordUpdates.bind(bench.log)
    jest.spyOn(bench.log, 'recordUpdates').mockImplementation((records) => {
      record(records)
      order.push('row')
    })
    await receipt
    expect(order).toEqual(['bytes', 'name', 'row', 'receipt'])
  })

  it('[D3] the sorted list of participants, before anything is averaged', async () => {
    await opened()
    const aggregator = bench.task.strategy.aggregator as { aggregate: typeof bench.task.strategy.aggregator.aggregate }
    const found: unknown[] = []
    const aggregate = aggregator.aggregate.bind(aggregator)
    jest.spyOn(aggregator, 'aggregate').mockImplementation((...args) => {
      found.push(onDisk(round))
      return aggregate(...args)
    })
    const closed = bench.closing(1)
    await uploadAll()
    await closed
    const participants = devices.map(({ join: { deviceId } }) => deviceId).sort()
    expect(found).toMatchObject([{ phase: 'aggregating', participants }])
  })

  it('[D4] [I3] the weights, before a version or its round says that they are there', async () => {
    await opened()
    const put = bench.blobs.put.bind(bench.blobs)
    const found: unknown[] = []
    jest.spyOn(bench.blobs, 'put').mockImplementation(async (bytes) => {
      const sha256 = await put(bytes)
      found.push(onDisk((registry) => [round(registry)?.phase, registry.versions('digits').length]))
      await expect(bench.blobs.read(sha256)).resolves.toHaveLength(bytes.length)
      return sha256
    })
    const closed = bench.closing(1)
    await uploadAll()
    await closed
    expect(found).toEqual([['aggregating', 1]])
  })

  it('[D4] [I4] a version and its round in one transaction: if one cannot be written, the other is not there', async () => {
    await opened()
    const save = RoundRows.prototype.save
    jest.spyOn(RoundRows.prototype, 'save').mockImplementation(function (this: RoundRows, each, summary) {
      if (each.phase === 'gating') throw new Error('the disk refuses')
      save.call(this, each, summary)
    })
    const told = new Promise<void>((resolve) => (bench.onError = resolve))
    await uploadAll()
    await told
    expect(onDisk((registry) => [round(registry)?.phase, registry.versions('digits').length])).toEqual([
      'aggregating',
      1,
    ])
    jest.restoreAllMocks()
    const closed = bench.closing(1)
    await bench.letTimePass(closed)
    expect(bench.registry.versions('digits').map(({ version }) => version)).toEqual([1, 0])
    bench.errors.splice(0)
  })

  it('[D5] the new champion and the closed round, before anybody hears of them', async () => {
    await opened()
    const found = new Promise((resolve) => {
      bench.rounds.onPromoted(() =>
        resolve(onDisk((registry) => [round(registry)?.phase, registry.pointers('digits')])),
      )
    })
    await uploadAll()
    expect(await found).toEqual(['closed', { head: 1, champion: 1, anchor: 1 }])
  })
})
