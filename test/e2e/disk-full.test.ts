import { spawnSync } from 'node:child_process'
import { constants } from 'node:fs'
import { mkdir, mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Assignment } from '@panal/client-core'
import { startServer, type Config } from '@panal/server'
import { checkData } from '../../server/src/store/check.ts'
import { callsTo, createTask, liveConfig, type LiveServer } from '../fixtures/live-server.ts'
import { joinTask, putUpdate, updateOf, type RawDevice } from '../fixtures/raw-device.ts'

const disk = await mkdtemp(join(tmpdir(), 'panal-disk-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'none', disk])
const canMount = mounted.status === 0
if (!canMount)
  console.warn(
    `test/e2e/disk-full tries nothing: this user may not mount a small disk (${String(mounted.stderr)}). ` +
      'test/unit/server/round/disk-full has the same refusals from /dev/full and from SQLite’s own limit.',
  )
afterAll(async () => {
  if (canMount) spawnSync('umount', ['-l', disk])
  await rm(disk, { recursive: true, force: true })
})

const reserve = 2 ** 21
const data = join(disk, 'data')
const filler = join(disk, 'filler')
let live: LiveServer
let devices: RawDevice[]
let offer: Assignment

async function start(changes: Partial<Config> = {}): Promise<LiveServer> {
  const server = await startServer(liveConfig({ data, diskReserveBytes: reserve, ...changes }))
  return { ...server, ...callsTo(server), folder: disk }
}

/** Fills the disk until so many bytes are left; 0: until it takes no byte more. */
async function fill(leftBytes: number): Promise<void> {
  const file = await open(filler, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND)
  try {
    for (let bytes = 2 ** 16; bytes >= 1;) {
      const { bavail, bsize } = await statfs(disk)
      if (bavail * bsize <= leftBytes && leftBytes > 0) return
      await file.write(Buffer.alloc(bytes, 1)).catch(() => (bytes = Math.floor(bytes / 2)))
    }
  } finally {
    await file.close()
  }
}

/** Asks until the answer is the one waited for: the server looks at its disk once a second. */
async function until(status: number, ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const response = await ask()
    if (response.status === status) return response
    await response.arrayBuffer()
  }
}

const verdict = async (response: Response) => {
  const { code } = (await response.json()) as { code?: string }
  return [response.status, code, Number(response.headers.get('retry-after')) > 0]
}
const put = (device: RawDevice, value = 0.001) => putUpdate(live, device, offer, { bytes: updateOf(51, value) })
const readyz = () => live.fetch('/readyz')

if (canMount) describe('a full disk', onSmallDisk)
else it('cannot be made here', () => expect(String(mounted.stderr)).toMatch(/superuser|permi/i))

function onSmallDisk(): void {
  beforeAll(async () => {
    await mkdir(data)
    live = await start()
    await createTask(live, {
      cohort: { size: 3, overSelection: 1, reportingGoal: 3, minimum: 1, deadlineMs: 600_000 },
      lease: { heartbeatMs: 500, leaseMs: 600_000 },
    })
    devices = await Promise.all([1, 2, 3].map(() => joinTask(live, 'digits')))
    offer = (await Promise.all(devices.map(({ assignment }) => assignment)))[0]!
  }, 60_000)
  afterAll(async () => {
    devices.forEach(({ socket }) => socket.close())
    await live.close()
  })

  it('[F44] under the reserve refuses uploads with 507 and a time to come back, says so at /readyz, and still commits', async () => {
    await fill(reserve / 2)
    await until(507, readyz)
    expect(await verdict(await put(devices[0]!))).toEqual([507, 'disk-full', true])
    const dataset = await live.fetch('/v1/datasets', {
      method: 'PUT',
      headers: { authorization: `Bearer ${live.operatorToken}`, 'content-type': 'application/octet-stream' },
      body: updateOf(1000) as Uint8Array<ArrayBuffer>,
    })
    expect(await verdict(dataset)).toEqual([507, 'disk-full', true])
    expect(
      (await live.asOperator('POST', '/v1/tasks/digits/promote', { version: 0, reason: 'room for rows' })).status,
    ).toBe(200)
    await rm(filler)
    await until(200, readyz)
    expect((await put(devices[0]!)).status).toBe(200)
  }, 30_000)

  it('[F44] to the last byte loses no update that was confirmed, answers 507, and goes on by itself', async () => {
    await live.close()
    devices.forEach(({ socket }) => socket.close())
    live = await start({ diskReserveBytes: 0 })
    await fill(0)
    const refused = await until(507, () => live.asOperator('POST', '/v1/links', { name: 'ada', role: 'viewer' }))
    expect(await verdict(refused)).toEqual([507, 'disk-full', true])
    expect(await verdict(await put(devices[1]!))).toEqual([507, 'disk-full', true])
    expect((await live.fetch('/v1/tasks/digits')).status).toBe(200)
    expect((await live.fetch('/v1/tasks/digits/models/champion')).status).toBe(200)
    await rm(filler)
    for (const device of devices.slice(1)) await until(200, () => put(device, 0.003))
    expect((await put(devices[0]!)).status).toBe(200)
    const closed = async () => {
      const { round } = (await (await live.fetch('/v1/tasks/digits')).json()) as { round: { phase: string } }
      return round.phase === 'closed' ? round : undefined
    }
    let round = await closed()
    while (round === undefined) round = await closed()
    expect(round).toMatchObject({ number: 1, numAccepted: 3, candidateVersion: 1 })
  }, 60_000)

  it('[F44] leaves a data directory that is sound, and a server that starts on it', async () => {
    await live.close()
    const clock = { now: () => 0, sleep: () => Promise.resolve() }
    expect(await checkData(data, { clock, tell: () => undefined })).toMatchObject({
      database: [],
      blobs: [],
      updates: [],
    })
    live = await start()
    expect((await readyz()).status).toBe(200)
  }, 30_000)
}
