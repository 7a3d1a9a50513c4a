import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startServer, type AuditEntry, type RunningServer } from '@panal/server'
import Libsql from 'libsql'
import { liveConfig } from '../fixtures/live-server.ts'
import { numDevices, numRounds, seededRun, taskId, testFolder } from '../fixtures/kill/seeded-run.ts'
import { startSmallFleet } from '../fixtures/kill/small-fleet.ts'
import { panalHere } from '../fixtures/panal-here.ts'

let folder: string
let data: string
let server: RunningServer

/** A server on which a small fleet has trained until the task's last round. */
beforeAll(async () => {
  folder = await testFolder()
  const run = await seededRun(folder, 1, { name: 'mean' })
  data = await run.fresh()
  server = await startServer(liveConfig({ data }))
  const fleet = startSmallFleet(server.url, taskId, run.devices)
  await fleet.closed(numRounds)
  await fleet.leave()
}, 60_000)
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const replay = (round: number) => panalHere('round', 'replay', taskId, String(round), '--data', data)

const sameVersion = { code: 0, err: '', out: expect.stringMatching(/version 3 is, byte for byte, what its updates/) }

describe('while the server runs', () => {
  it('[I6] panal round replay comes to the same version', async () => {
    expect(await replay(numRounds)).toEqual(sameVersion)
  })

  it('[R21] panal round replay says so where the updates are no longer kept', async () => {
    const { code, err } = await replay(1)
    expect(code).toBe(1)
    expect(err).toMatch(/^panal: updates-lost: .*--kept-rounds/)
    expect(err.trimEnd().split('\n')).toHaveLength(1 + numDevices)
  })

  it('ends with 1 for what is not there, 2 for what is no number', async () => {
    expect(await replay(99)).toMatchObject({ code: 1, err: expect.stringMatching(/^panal: unknown-round/) })
    expect(await panalHere('round', 'replay', 'none', '1', '--data', data)).toMatchObject({ code: 1 })
    expect(await panalHere('round', 'replay', taskId, '0', '--data', data)).toMatchObject({ code: 2 })
    const elsewhere = await panalHere('round', 'replay', taskId, '1', '--data', join(folder, 'nothing'))
    expect(elsewhere).toMatchObject({ code: 1, err: expect.stringMatching(/^panal: no-data-directory: /) })
  })

  it('panal audit verify and export say the same through the server and beside it', async () => {
    const remote = ['--server', server.url, '--token', server.operatorToken]
    const beside = ['--offline', '--data', data]
    for (const verb of ['verify', 'export'])
      expect(await panalHere('audit', verb, ...beside)).toEqual(await panalHere('audit', verb, ...remote))
    const { out } = await panalHere('audit', 'export', ...beside)
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditEntry)
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, i) => i + 1))
    expect(rows.filter(({ action }) => action === 'gated')).toHaveLength(numRounds)
  })
})

describe('when the server has stopped', () => {
  beforeAll(() => server.close())

  it('[I6] panal round replay comes to the same version', async () => {
    expect(await replay(numRounds)).toEqual(sameVersion)
  })

  it('[F45] panal audit verify names the first row that was altered', async () => {
    expect(await panalHere('audit', 'verify', '--offline', '--data', data)).toMatchObject({ code: 0 })
    const db = new Libsql(join(data, 'panal.db'))
    db.exec('drop trigger audit_no_update')
    db.exec(
      "update audit set detail = replace(detail, 'promoted', 'promotec') where seq = (select min(seq) from audit where action = 'gated')",
    )
    const { seq } = db.prepare("select min(seq) as seq from audit where action = 'gated'").get([]) as { seq: number }
    db.close()
    const { code, out, err } = await panalHere('audit', 'verify', '--offline', '--data', data)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(new RegExp(`^panal: audit-broken: row ${seq}, or its hash, was altered`))
  })
})
