import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Page, Worker } from 'playwright-core'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import { countedIn, drawSeven, useBrowser } from './open-pages.ts'
import { watchPolicies } from './policy-watch.ts'

/** A browser that emulates a GPU on a busy machine compiles its shaders in this time. */
const patience = { timeout: 90_000 }
const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
const live = useLiveServer()
const browser = useBrowser()

beforeAll(async () => {
  await createTask(live, {
    data: { kind: 'image', height: 28, width: 28, channels: 1, scale: 1 / 255, classes: digits },
    plan: { epochs: 1, batchSize: 8, learningRate: 0.001, optimizer: { name: 'sgd' }, codec: 'f16' },
    cohort: { size: 1, overSelection: 1, reportingGoal: 1, minimum: 1, deadlineMs: 120_000 },
    rounds: { minIntervalMs: 500 },
    gate: { checks: [{ name: 'integrity' }, { name: 'floor', metric: 'accuracy', min: 0 }] },
  })
}, 60_000)

/** Nothing that a page is asked may take for ever: a worker that has ended never answers. */
const inTime = <T>(work: Promise<T>, what: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come in time`)), patience.timeout)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Draws a digit, agrees and starts; resolves with the worker once an update is part of a model. */
async function contribute(page: Page, backend: string): Promise<Worker> {
  await page.goto(`${live.url}/contribute/digits?backend=${backend}`)
  await drawSeven(page)
  await page.getByText('7', { exact: true }).click()
  await page.getByRole('button', { name: 'Keep this digit' }).click()
  await page.getByText('1 digit kept').waitFor(patience)
  await page.getByLabel(/^I agree/).check()
  const started = page.waitForEvent('worker', patience)
  await page.getByRole('button', { name: 'Start' }).click()
  const worker = await started
  await countedIn(page).waitFor(patience)
  return worker
}

describe('the headers that a browser is sent', () => {
  it.each(['webgpu', 'webgl', 'wasm', 'cpu'])(
    'let a round be trained with %s, isolated, and without one complaint of the browser',
    async (backend) => {
      const { page, complaints: errors } = await browser.visitor()
      const { complaints, heardEverywhere } = await watchPolicies(page)
      const worker = await contribute(page, backend)
      await page.getByText(`computes with ${backend}`).waitFor(patience)
      expect(await inTime(page.evaluate('crossOriginIsolated'), 'the page’s answer')).toBe(true)
      expect(await inTime(worker.evaluate('crossOriginIsolated'), 'the worker’s answer')).toBe(true)

      // Something that is not allowed, at the very end and in the same page and worker: every channel tells of it, and
      // of nothing before it. A silence that nobody listened to would be found out here.
      const forbidden = 'https://forbidden.example/'
      const violation = `fetch('${forbidden}').catch(() => undefined)`
      await inTime(page.evaluate(violation), 'the end of a forbidden request of the page')
      await inTime(worker.evaluate(violation), 'the end of a forbidden request of the worker')
      await inTime(heardEverywhere(forbidden), 'word of a forbidden request on every channel')
      expect(complaints.filter(({ text }) => !text.includes(forbidden))).toEqual([])
      expect(errors.filter((text) => !text.includes(forbidden))).toEqual([])
    },
    240_000,
  )
})
