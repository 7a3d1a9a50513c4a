import { createHash } from 'node:crypto'
import { rm, symlink, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { sql } from 'kysely'
import { diskFull } from '../../../../server/src/store/disk-full.ts'
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

describe('an upload that stalls while the end of its round fails for want of space', () => {
  /** Half an update of `device` is there; the deadline passes on a full disk, and there is space again after it. */
  async function stalled(device: Device): Promise<{ body: Readable; uploading: Promise<unknown> }> {
    const body = new Readable({ read: () => undefined })
    body.push(Buffer.from(notANumber.buffer, 0, 8))
    const bytes = Buffer.from(notANumber.buffer)
    const uploading = bench.upload(device, [0, 0, 0, 0], {
      body,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })
    uploading.catch(() => undefined)
    const failed = new Promise<void>((resolve) => (bench.onError = resolve))
    // A round's row has room in its page more often than not, so the disk's refusal is made here.
    jest.spyOn(bench.registry, 'saveRound').mockImplementationOnce(() => {
      throw diskFull()
    })
    await bench.letTimePass(failed)
    return { body, uploading }
  }
  const finish = (body: Readable) => {
    body.push(Buffer.from(notANumber.buffer, 8))
    body.push(null)
  }

  it('[R5] [R7] cannot open that round again', async () => {
    for (const device of devices.slice(0, 2)) await bench.upload(device, [3, 3, 3, 3])
    const { body, uploading } = await stalled(devices[2]!)
    expect(await bench.letTimePass(bench.closing(1))).toMatchObject({ numAccepted: 2, outcome: 'promoted' })
    finish(body)
    await expect(uploading).rejects.toMatchObject({ code: 'round-closed' })
    await setImmediate()
    expect(bench.registry.openRounds('digits').filter(({ number }) => number === 1)).toEqual([])
    await bench.halt()
    await bench.boot()
    for (const each of devices) bench.join(each.join.deviceId.slice(2, 3))
    expect(bench.registry.roundSummary('digits', 1)).toMatchObject({ phase: 'closed', numRejected: 0 })
    expect(bench.errors).toEqual([expect.objectContaining({ code: 'disk-full' })])
  })
})

it('saves no open round over a closed one', async () => {
  const round = bench.registry.openRounds('digits')[0]!
  const summary = bench.registry.roundSummary('digits', 1)!
  for (const device of devices) await bench.upload(device, [3, 3, 3, 3])
  await bench.letTimePass(bench.until(({ number }) => number === 2))
  expect(() => bench.registry.saveRound(round, summary)).toThrow('round 1 of digits is closed already')
})

const notANumber = Float32Array.of(NaN, 0, 0, 0)

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
