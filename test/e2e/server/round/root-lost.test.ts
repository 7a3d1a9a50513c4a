import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startServer } from '@panal/server'
import { blobPath } from '../../../../server/src/store/named-files.ts'
import { numDevices, seededRun, taskId, testFolder } from '../../../fixtures/kill/seeded-run.ts'
import { startSmallFleet } from '../../../fixtures/kill/small-fleet.ts'
import { liveConfig } from '../../../fixtures/live-server.ts'
import { panalHere } from '../../../fixtures/panal-here.ts'

let folder: string
let data: string
/** What the operator sees of the round. */
let inspected: string
let root: string
/** One of the round's three. */
let participant: string

/** A server that has closed a round of a task that trusts its root set, and has stopped. */
beforeAll(async () => {
  folder = await testFolder()
  const size = numDevices
  const cohort = { size, overSelection: 1, reportingGoal: size, minimum: size - 1, deadlineMs: 3_600_000 }
  const seeded = await seededRun(folder, 1, { name: 'fltrust' }, { rounds: { minIntervalMs: 0, max: 1 }, cohort })
  data = await seeded.fresh()
  const server = await startServer(liveConfig({ data }))
  const fleet = startSmallFleet(server.url, taskId, seeded.devices)
  await fleet.closed(1)
  const remote = ['--server', server.url, '--token', server.operatorToken]
  inspected = (await panalHere('round', 'inspect', taskId, '1', ...remote)).out
  const updates = (await panalHere('round', 'inspect', taskId, '1', '--json', ...remote)).out
  participant = (JSON.parse(updates) as { updates: { deviceId: string }[] }).updates[0]!.deviceId
  const { out } = await panalHere('task', 'sets', taskId, '--json', ...remote)
  root = (JSON.parse(out) as { sets: { root: string } }).sets.root
  await fleet.leave()
  await server.close()
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

it('[R23] panal round inspect says what trained on the root set', () => {
  expect(inspected).toMatch(/^root set +TensorFlow\.js \S+ on wasm, SIMD$/m)
})

it('[R19] panal round replay comes to the same version, and says so where the root set is lost', async () => {
  const args = ['round', 'replay', taskId, '1', '--data', data]
  expect(await panalHere(...args)).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringContaining('is, byte for byte,'),
  })
  const file = join(data, blobPath(root))
  const ways = [
    ['damaged', () => writeFile(file, 'other bytes')],
    ['gone', () => rm(file)],
  ] as const
  for (const [how, lose] of ways) {
    await lose()
    const reason = `panal: root-lost: the root set of task ${taskId} (sets.root, ${root}) is ${how}: put it back from a backup (panal restore BACKUP --blobs-only)`
    expect(await panalHere(...args)).toEqual({
      code: 1,
      out: '',
      err: `${reason}. That says nothing against version 1\n`,
    })
    expect(await panalHere(...args, '--without', participant)).toEqual({ code: 1, out: '', err: `${reason}\n` })
  }
})
