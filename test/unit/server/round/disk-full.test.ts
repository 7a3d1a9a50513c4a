import { rm, symlink, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { query } from '../../../../server/src/store/sync-query.ts'
import { RoundsBench, type Device } from '../../../fixtures/rounds.ts'

let bench: RoundsBench
let devices: Device[]
beforeEach(async () => {
  bench = await RoundsBench.open()
  const opened = bench.until((round) => round.phase === 'collecting')
  devices = ['a', 'b', 'c'].map((name) => bench.join(name))
  await opened
})
afterEach(() => bench.remove())

/** SQLite's own limit: a commit that needs one page more fails as on a full disk. */
function limitPages(maxPages: number): void {
  const pragma = (text: string) =>
    bench.db.all<{ page_count: number }>({ compile: () => sql.raw<{ page_count: number }>(text).compile(query) })
  const [{ page_count: used } = { page_count: 0 }] = pragma('pragma page_count')
  pragma(`pragma max_page_count = ${maxPages === 0 ? used : maxPages}`)
}

const full = { code: 'disk-full', status: 507, retryAfterMs: expect.any(Number) }

describe('a full disk', () => {
  it('[F44] under the spool refuses the update; the round goes on with it when there is space', async () => {
    const folder = join(bench.folder, 'uploads', 'digits', '1')
    await mkdir(folder, { recursive: true })
    const part = join(folder, `${devices[0]!.join.deviceId}.part`)
    await symlink('/dev/full', part) // every write to it is ENOSPC
    await expect(bench.upload(devices[0]!, [3, 3, 3, 3])).rejects.toMatchObject(full)
    await rm(part)
    const closed = bench.closing(1)
    for (const device of devices) await bench.upload(device, [3, 3, 3, 3])
    expect(await closed).toMatchObject({ numAccepted: 3, outcome: 'promoted' })
    expect(bench.errors).toEqual([])
  })

  it('[F44] under the database confirms nothing that it does not keep, and the service resumes by itself', async () => {
    limitPages(0)
    const upload = (device: Device) => bench.upload(device, [3, 3, 3, 3])
    const tried = await Promise.allSettled(devices.map(upload))
    // What fits into pages that are there already may be confirmed; the rest is refused.
    for (const each of tried) if (each.status === 'rejected') expect(each.reason).toMatchObject(full)
    await expect(
      (async () => {
        for (let i = 0; ; i++) bench.log.recordUpdates([{ ...filler, deviceId: `d_${i}` }])
      })(),
    ).rejects.toMatchObject({ code: 'disk-full' })
    limitPages(1_000_000)
    const confirmed = new Set(bench.log.updatesOf('digits', 1).map(({ deviceId }) => deviceId))
    for (const [i, each] of tried.entries())
      expect(confirmed.has(devices[i]!.join.deviceId)).toBe(each.status === 'fulfilled')
    const closed = bench.until((round) => round.number === 1 && round.phase === 'closed')
    for (const [i, each] of tried.entries()) if (each.status === 'rejected') await upload(devices[i]!)
    expect(await bench.letTimePass(closed)).toMatchObject({ numAccepted: 3, outcome: 'promoted' })
    expect(await bench.registry.params('digits', 1)).toEqual(new Float32Array(4).fill(3))
    bench.errors.length = 0
  })
})

const filler = {
  taskId: 'digits',
  roundNumber: 1,
  sha256: '0'.repeat(64),
  bytes: 1,
  numExamples: 1,
  weight: 1,
  norm: 1,
  verdict: 'non-finite',
  receivedAt: 1,
}
