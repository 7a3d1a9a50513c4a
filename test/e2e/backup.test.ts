import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { makeRng, uniformInt, type Assignment } from '@panal/client-core'
import { startServer, type RunningServer } from '@panal/server'
import { createTask, liveConfig, useLiveServer } from '../fixtures/live-server.ts'
import { panalHere } from '../fixtures/panal-here.ts'
import { joinTask, putUpdate, updateOf, type RawDevice } from '../fixtures/raw-device.ts'

const live = useLiveServer()
const panal = fileURLToPath(new URL('../../server/bin/panal.js', import.meta.url))
const update = updateOf(51)
let devices: RawDevice[]
let offer: Assignment
let folder: string
/** A backup of the live server, taken while it served. */
let backup: string

/** Runs one command in a process of its own: beside a running server it always is. */
async function spawnPanal(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(PANAL_|NODE_OPTIONS$|JEST_)/.test(name)),
  )
  const child = spawn(process.execPath, [panal, ...args], { env })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number, out, err }
}

/** The same in this process, for directories without a server. */
const run = panalHere

/** A task with a champion and an open round that has counted one update of two. */
async function openRound(): Promise<void> {
  await createTask(live, {
    cohort: { size: 2, overSelection: 1, reportingGoal: 2, minimum: 1, deadlineMs: 600_000 },
    lease: { heartbeatMs: 60_000, leaseMs: 600_000 },
  })
  await live.asOperator('POST', '/v1/tasks/digits/promote', { version: 0, reason: 'to start' })
  devices = await Promise.all([1, 2].map(() => joinTask(live, 'digits')))
  offer = (await Promise.all(devices.map(({ assignment }) => assignment)))[0]!
  expect((await putUpdate(live, devices[0]!, offer, { bytes: update })).status).toBe(200)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-backup-'))
  await openRound()
  backup = join(folder, 'monday')
  await mkdir(`${backup}.partial`)
  await writeFile(join(`${backup}.partial`, 'left'), 'by one that was cut off')
  let isOver = false
  const taken = spawnPanal('backup', backup, '--data', join(live.folder, 'data')).finally(() => (isOver = true))
  let numEnrolled = 0
  const taking = () => !isOver
  while (taking()) {
    await live.enrol()
    numEnrolled++
  }
  const { code, out, err } = await taken
  expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/monday: \d+ files, .* read back and sound/) })
  expect(err).toContain('verifying the backup: 100 %')
  expect(numEnrolled).toBeGreaterThan(10)
}, 120_000)
afterAll(async () => {
  devices.forEach(({ socket }) => socket.close())
  await rm(folder, { recursive: true })
})

let data: string
let numDirs = 0
beforeEach(() => {
  data = join(folder, `data-${++numDirs}`)
})

const restored = async (...options: string[]) => run('restore', backup, '--data', data, ...options)
const get = async (server: Pick<RunningServer, 'url'>, path: string): Promise<unknown> =>
  (await fetch(server.url + path)).json()

/** All that a reader of the task is told of its model, with the bytes of each version. */
async function served(server: Pick<RunningServer, 'url'>): Promise<unknown[]> {
  const { versions } = (await get(server, '/v1/tasks/digits/versions')) as { versions: { weightsSha256: string }[] }
  const weights = await Promise.all(
    versions.map(async ({ weightsSha256 }) =>
      Buffer.from(await (await fetch(`${server.url}/v1/blobs/${weightsSha256}`)).arrayBuffer()).toString('hex'),
    ),
  )
  const { pointers } = (await get(server, '/v1/tasks/digits')) as { pointers: unknown }
  return [pointers, versions, weights, await get(server, '/v1/tasks/digits/moves')]
}

describe('panal backup and restore', () => {
  it('brings back pointers, versions, byte-equal weights, the open round with its update, and an unbroken audit trail', async () => {
    expect(await restored()).toMatchObject({ code: 0 })
    const server = await startServer(liveConfig({ data }))
    try {
      expect(await served(server)).toEqual(await served(live))
      const headers = { authorization: `Bearer ${server.operatorToken}` }
      const audit = await (await fetch(`${server.url}/v1/audit/verify`, { headers })).json()
      expect(audit).toMatchObject({ ok: true })
      const there = {
        ...live,
        url: server.url,
        fetch: (path: string, init?: RequestInit) => fetch(server.url + path, init),
      }
      const again = await putUpdate(there, devices[0]!, offer, { bytes: update })
      expect(await again.json()).toEqual(await (await putUpdate(live, devices[0]!, offer, { bytes: update })).json())
      expect(await get(server, '/v1/tasks/digits')).toMatchObject({ round: { number: 1, numAccepted: 1 } })
      const closed = await putUpdate(there, devices[1]!, offer, { bytes: updateOf(51, 0.002) })
      expect(closed.status).toBe(200)
    } finally {
      await server.close()
    }
    expect(await run('check', '--data', data)).toMatchObject({
      code: 0,
      out: expect.stringContaining('database sound'),
    })
  }, 60_000)

  it('keeps the server’s keys, for this user only', async () => {
    await restored()
    const names = await readdir(join(live.folder, 'data', 'keys'))
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) {
      const [kept, original] = await Promise.all(
        [data, join(live.folder, 'data')].map((root) => readFile(join(root, 'keys', name))),
      )
      expect(kept).toEqual(original)
    }
  })

  it('never writes over a backup, and needs a data directory', async () => {
    expect(await run('backup', backup, '--data', join(live.folder, 'data'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('target-exists'),
    })
    expect(await run('backup', join(folder, 'new'), '--data', join(folder, 'none'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('no-data-directory'),
    })
    expect(await readdir(folder)).not.toContain('none')
  })

  it('[F45] refuses a backup with one bit flipped in any file, and touches nothing', async () => {
    const rng = makeRng(3)
    const files = (await readdir(backup, { recursive: true, withFileTypes: true })).filter((each) => each.isFile())
    expect(files.length).toBeGreaterThan(6)
    for (const { parentPath, name } of files) {
      const path = join(parentPath, name)
      const bytes = await readFile(path)
      const damaged = Buffer.from(bytes)
      damaged[uniformInt(rng, bytes.length)]! ^= 1 << uniformInt(rng, 8)
      await writeFile(path, damaged)
      expect([name, await restored()]).toEqual([
        name,
        { code: 1, out: '', err: expect.stringContaining('backup-damaged') },
      ])
      await writeFile(path, bytes)
    }
    expect(await readdir(folder)).not.toContain(data)
    expect(await restored()).toMatchObject({ code: 0 })
  }, 60_000)

  it('refuses a folder that holds something; --force moves it aside', async () => {
    await mkdir(data)
    await writeFile(join(data, 'thesis.odt'), 'x')
    expect(await restored()).toMatchObject({ code: 1, err: expect.stringContaining('target-exists') })
    expect(await readdir(data)).toEqual(['thesis.odt'])
    expect(await restored('--force')).toMatchObject({ code: 0 })
    expect(await readdir(join(data, 'before-restore-1'))).toEqual(['thesis.odt'])
    expect(await restored('--force')).toMatchObject({ code: 0 })
    expect(await readdir(join(data, 'before-restore-2'))).toContain('panal.db')
    expect(await run('check', '--data', data)).toMatchObject({ code: 0 })
  })

  it('[F48] refuses a folder that a server has open', async () => {
    const { code, err } = await spawnPanal('restore', backup, '--force', '--data', join(live.folder, 'data'))
    expect([code, err]).toEqual([1, expect.stringContaining('data-dir-in-use')])
    expect((await live.fetch('/readyz')).status).toBe(200)
  }, 30_000)

  it('cut off between two files, does not start until it was repeated', async () => {
    await restored()
    await writeFile(join(data, 'restoring'), `${backup}\n`)
    await rm(join(data, 'blobs'), { recursive: true })
    await expect(startServer(liveConfig({ data }))).rejects.toMatchObject({ code: 'data-damaged' })
    expect(await restored('--force')).toMatchObject({ code: 0 })
    const server = await startServer(liveConfig({ data }))
    await server.close()
  })
})

describe('panal check', () => {
  it('[F45] names each damaged blob, and --blobs-only puts it back, also while the server runs', async () => {
    await restored()
    const { pointers } = (await get(live, '/v1/tasks/digits')) as { pointers: { head: number } }
    const version = (await get(live, `/v1/tasks/digits/versions/${pointers.head}`)) as { weightsSha256: string }
    const path = `blobs/${version.weightsSha256.slice(0, 2)}/${version.weightsSha256}`
    await writeFile(join(data, path), 'other bytes')
    const [other = ''] = (await readdir(join(data, 'blobs'), { recursive: true })).filter(
      (name) => name.length > 64 && !path.endsWith(name),
    )
    await rm(join(data, 'blobs', other))
    const { code, err } = await run('check', '--data', data)
    expect(code).toBe(1)
    expect(err).toContain(`${path} is damaged or gone\n`)
    expect(err).toContain(`blobs/${other} is damaged or gone\n`)
    expect(err).toContain(`panal restore <backup> --blobs-only --data ${data}`)
    expect(await restored('--blobs-only')).toMatchObject({ code: 0, out: expect.stringContaining('2 blobs put back') })
    expect(await run('check', '--data', data)).toMatchObject({ code: 0 })
  })

  it('reads a directory that a server writes to, and that another program has looked into', async () => {
    // SQLite deletes the log with the last connection to a database: the server's own has to count as one.
    const look = `const db = new (require('libsql'))(process.argv[1]); db.prepare('select * from devices').all(); db.close()`
    const other = spawn(process.execPath, ['-e', look, join(live.folder, 'data', 'panal.db')], {
      cwd: fileURLToPath(new URL('../../server', import.meta.url)),
    })
    expect(await once(other, 'exit')).toEqual([0, null])
    const { code, out, err } = await spawnPanal('check', '--data', join(live.folder, 'data'))
    expect([err, code, out]).toEqual([
      expect.stringContaining('verifying blobs: 100 %'),
      0,
      expect.stringMatching(/^database sound, \d+ audit rows unbroken, (\d+) of \1 blobs sound/),
    ])
    expect((await live.asOperator('POST', '/v1/tasks/digits/pause')).status).toBe(200)
    expect((await live.asOperator('POST', '/v1/tasks/digits/resume')).status).toBe(200)
  }, 30_000)

  it('[F45] says of one flipped bit in the database what to restore, and backs nothing up', async () => {
    await restored()
    const file = join(data, 'panal.db')
    const bytes = await readFile(file)
    bytes[20_000]! ^= 4
    await writeFile(file, bytes)
    for (const args of [['check'], ['backup', join(folder, 'damaged')]])
      expect(await run(...args, '--data', data)).toMatchObject({
        code: 1,
        err: expect.stringContaining('panal.db is damaged: 1'),
      })
    expect(await readdir(folder)).not.toContain('damaged')
    await expect(startServer(liveConfig({ data }))).rejects.toMatchObject({ code: 'data-damaged' })
  })

  it('[F45] names an accepted update of the open round that is damaged', async () => {
    await restored()
    const path = `uploads/digits/1/${devices[0]!.deviceId}.update`
    await writeFile(join(data, path), updateOf(51, 9))
    expect(await run('check', '--data', data)).toMatchObject({ code: 1, err: expect.stringContaining(path) })
  })
})

describe('panal gc', () => {
  it('deletes blobs that no row names, and never one that a row does', async () => {
    await restored()
    const kept = await readdir(join(data, 'blobs'), { recursive: true })
    const orphan = join('ab', 'ab'.repeat(32))
    await mkdir(join(data, 'blobs', 'ab'), { recursive: true })
    await writeFile(join(data, 'blobs', orphan), 'left by a crash before its row')
    expect(await run('gc', '--dry-run', '--data', data)).toMatchObject({
      code: 0,
      out: `1 blobs to delete\n  blobs/${orphan}\n`,
    })
    expect(await readdir(join(data, 'blobs', 'ab'))).toContain('ab'.repeat(32))
    expect(await run('gc', '--data', data)).toMatchObject({ code: 0, out: `1 blobs deleted\n  blobs/${orphan}\n` })
    expect((await readdir(join(data, 'blobs'), { recursive: true })).filter((name) => name !== 'ab')).toEqual(
      expect.arrayContaining(kept.filter((name) => name !== 'ab')),
    )
    expect(await run('check', '--data', data)).toMatchObject({
      code: 0,
      out: expect.stringContaining(', 0 blobs that nothing refers to'),
    })
  })

  it('[F48] leaves the directory of a running server alone', async () => {
    const { code, err } = await spawnPanal('gc', '--data', join(live.folder, 'data'))
    expect([code, err]).toEqual([1, expect.stringContaining('data-dir-in-use')])
  }, 30_000)
})
