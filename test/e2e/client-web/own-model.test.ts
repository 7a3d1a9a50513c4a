import { beforeAll, expect, it } from '@jest/globals'
import type { Page } from 'playwright-core'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import { drawSeven, useBrowser } from './open-pages.ts'

const patience = { timeout: 60_000 }
const isGone = 'Your own model is gone from this browser.'
const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
const live = useLiveServer()
const browser = useBrowser()

/** One device makes a round, and whatever is sound is promoted. A device fine-tunes its own model until it knows its digits. */
beforeAll(async () => {
  await createTask(live, {
    data: { kind: 'image', height: 28, width: 28, channels: 1, scale: 1 / 255, classes: digits },
    plan: {
      epochs: 1,
      batchSize: 8,
      learningRate: 0.0001,
      optimizer: { name: 'sgd' },
      codec: 'f32',
      personalisation: { name: 'fine-tuning', epochs: 40, learningRate: 0.1, holdout: 0.5 },
    },
    cohort: { size: 1, overSelection: 1, reportingGoal: 1, minimum: 1, deadlineMs: 60_000 },
    rounds: { minIntervalMs: 500, max: 1 },
    gate: { checks: [{ name: 'integrity' }, { name: 'floor', metric: 'accuracy', min: 0 }] },
  })
}, 60_000)

/** Strokes from the top right to the bottom, each a little further to the left: no two are alike. */
async function keepSevens(page: Page, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const box = (await page.getByLabel(/^Drawing area/).boundingBox())!
    const to = (x: number, y: number) => page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 5 })
    await to(0.25, 0.2)
    await page.mouse.down()
    await to(0.75, 0.2)
    await to(0.6 - 0.03 * i, 0.85)
    await page.mouse.up()
    await page.getByRole('radiogroup').getByText('7', { exact: true }).click()
    await page.getByRole('button', { name: 'Keep this digit' }).click()
    await page.getByRole('list', { name: 'Digits kept in this browser' }).getByRole('listitem').nth(i).waitFor(patience)
  }
}

it('a browser trains a model of its own, tells how right it is, answers with it, and forgets it when asked', async () => {
  const { page, complaints } = await browser.visitor()
  await page.goto(`${live.url}/contribute/digits`)
  await page.getByText('A model of your own').waitFor(patience)
  await keepSevens(page, 10)
  await page.getByLabel(/model of my own that it trains as well stays here/).check()
  await page.getByRole('button', { name: 'Start' }).click()
  await page.getByRole('table', { name: 'Updates that left this browser' }).waitFor(patience)
  await page.waitForFunction(keepsOwnModel, undefined, patience)
  // as soon as it is kept, without a reload
  await page.getByTestId('own-model').getByRole('button', { name: 'Forget my model' }).waitFor(patience)

  await page.goto(`${live.url}/try/digits`)
  const own = page.getByTestId('own-model')
  await own.getByText(/is right in 100.0 %, shared model 0 in/).waitFor(patience)
  await own.getByText('My model', { exact: true }).click()
  await drawSeven(page)
  await page.getByTestId('answer').getByText(/^7 – /).waitFor(patience)

  // other windows of this browser
  const tryElsewhere = await page.context().newPage()
  await tryElsewhere.goto(`${live.url}/try/digits`)
  await tryElsewhere.getByTestId('own-model').getByText('My model', { exact: true }).click()
  const contributeElsewhere = await page.context().newPage()
  await contributeElsewhere.goto(`${live.url}/contribute/digits`)
  await contributeElsewhere.getByTestId('own-model').waitFor(patience)
  await page.bringToFront()

  // on a phone: what answers, what is asked, and every button are within its width
  await page.setViewportSize({ width: 390, height: 844 })
  const forget = own.getByRole('button', { name: 'Forget my model' })
  await forget.click()
  const dialog = page.getByRole('dialog', { name: 'Forget your own model?' })
  await dialog.getByRole('button', { name: 'Close' }).waitFor(patience)
  await dialog.getByRole('button', { name: 'Keep it' }).click()
  await dialog.waitFor({ ...patience, state: 'detached' })
  expect(await page.evaluate(keepsOwnModel)).toBe(true)
  await forget.click()
  const sure = dialog.getByRole('button', { name: 'Forget it' })
  const { x, width } = (await sure.boundingBox())!
  expect(x + width).toBeLessThanOrEqual(390)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  await sure.click()
  await page.locator(':focus').filter({ hasText: isGone }).waitFor(patience)
  await page
    .getByTestId('champion-version')
    .getByText(/^model 1 answers/)
    .waitFor(patience)
  expect(await page.evaluate(keepsOwnModel)).toBe(false)
  expect(await own.count()).toBe(0)
  for (const elsewhere of [tryElsewhere, contributeElsewhere])
    await elsewhere.getByTestId('own-model').waitFor({ ...patience, state: 'detached' })
  await tryElsewhere
    .getByTestId('champion-version')
    .getByText(/^model 1 answers/)
    .waitFor(patience)
  await page.reload()
  await page
    .getByTestId('champion-version')
    .getByText(/^model 1 answers/)
    .waitFor(patience)
  expect(await own.count()).toBe(0)
  expect(complaints).toEqual([])
}, 180_000)

it('where a browser contributes, what is focused and read is that the model is gone', async () => {
  const { page } = await browser.visitor()
  await page.goto(`${live.url}/contribute/digits`)
  await page.getByText('A model of your own').waitFor(patience)
  await page.evaluate(keepDamagedModel)
  await page.reload()
  await page.getByRole('button', { name: 'Forget my model' }).click(patience)
  await page.getByRole('dialog').getByRole('button', { name: 'Forget it' }).click()
  await page.locator(':focus').filter({ hasText: isGone }).waitFor(patience)
  expect(await page.evaluate(keepsOwnModel)).toBe(false)
}, 120_000)

/** In the page: one that cannot be read is one to forget as well. */
function keepDamagedModel(): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('panal')
    opening.onerror = () => reject(opening.error!)
    opening.onsuccess = () => {
      const writing = opening.result.transaction('device', 'readwrite')
      writing.objectStore('device').put(Uint8Array.of(0), 'personal/digits/damaged')
      writing.oncomplete = () => {
        opening.result.close()
        resolve()
      }
      writing.onerror = () => reject(writing.error!)
    }
  })
}

/** In the page: whether the device's storage has a model of its own. */
function keepsOwnModel(): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('panal')
    opening.onerror = () => reject(opening.error!)
    opening.onsuccess = () => {
      const asking = opening.result.transaction('device').objectStore('device').getAllKeys()
      asking.onsuccess = () => {
        opening.result.close()
        resolve(asking.result.some((key) => typeof key === 'string' && key.startsWith('personal/')))
      }
      asking.onerror = () => reject(asking.error!)
    }
  })
}
