import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startServer, type RunningServer } from '@panal/server'
import type { LedgerEntry } from '@panal/client-core'
import { callsTo, createTask, liveConfig, type LiveServer } from '../../fixtures/live-server.ts'
import { drawSeven, useBrowser } from './open-pages.ts'

const patience = { timeout: 60_000 }
const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
const browser = useBrowser()
let folder: string
let server: RunningServer

/** A server at this address, with a task whose only round one device can close. */
async function setUp(name: string, port = 0): Promise<void> {
  server = await startServer(liveConfig({ data: join(folder, name), port }))
  await createTask(callsTo(server) as LiveServer, {
    data: { kind: 'image', height: 28, width: 28, channels: 1, scale: 1 / 255, classes: digits },
    plan: { epochs: 1, batchSize: 8, learningRate: 0.001, optimizer: { name: 'sgd' }, clipNorm: 3, codec: 'f16' },
    cohort: { size: 1, overSelection: 1, reportingGoal: 1, minimum: 1, deadlineMs: 60_000 },
    rounds: { minIntervalMs: 500, max: 1 },
  })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-another-'))
  await setUp('first')
}, 60_000)
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
}, 30_000)

it('[P24] [P27] a server set up anew at a known address gets nothing until the browser’s owner says so', async () => {
  const { page, complaints } = await browser.visitor()
  const contribute = async () => {
    await page.getByLabel(/^I agree/).check()
    await page.getByRole('button', { name: 'Start' }).click()
  }
  await page.goto(`${server.url}/contribute/digits`)
  await drawSeven(page)
  await page.getByText('7', { exact: true }).click()
  await page.getByRole('button', { name: 'Keep this digit' }).click()
  await page.getByText('1 digit kept').waitFor(patience)
  await contribute()
  const ledger = page.getByRole('table', { name: 'Updates that left this browser' })
  await ledger.getByText('v1').waitFor(patience)
  expect(await ledger.getByText('≤ 3').count()).toBe(1)

  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save' }).click()
  const saved = JSON.parse(await readFile(await (await saving).path(), 'utf8')) as LedgerEntry[]
  expect(saved).toMatchObject([{ roundNumber: 1, clipNorm: 3, countedIn: 1, receipt: { statement: 'receipt' } }])

  const { port } = new URL(server.url)
  await page.getByRole('button', { name: 'Leave' }).click()
  await page.getByText('You left').waitFor(patience)
  await server.close()
  await setUp('second', Number(port))
  await page.reload()
  await page.getByText('1 digit kept').waitFor(patience)
  await contribute()
  await page.getByText('not the server that this browser knows').waitFor(patience)
  const round = (await (await fetch(`${server.url}/v1/tasks/digits`)).json()) as { round: unknown }
  expect(round.round).toBeNull()

  await page.getByRole('button', { name: /forget the old one/ }).click()
  await page.getByText('Forgotten').waitFor(patience)
  await contribute()
  await ledger.getByText('v1').waitFor(patience)
  await page.getByText('Waiting for a round').waitFor(patience)
  expect(complaints).toEqual([])
}, 240_000)
