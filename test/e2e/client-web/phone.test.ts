import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Locator, Page } from 'playwright-core'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import { useBrowser } from './open-pages.ts'

const patience = { timeout: 60_000 }
const phone = { width: 390, height: 844 }
const live = useLiveServer()
const browser = useBrowser()

beforeAll(async () => {
  await createTask(live)
}, 60_000)

const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** Whether all of it lies within the screen, and nothing lies over its middle. */
const isInSight = (locator: Locator): Promise<boolean> =>
  locator.evaluate((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect()
    const above = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
    return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight && element.contains(above)
  })

describe('on a phone', () => {
  it('a page that is scrolled down says that the server cannot be reached, where it can be seen, until it can', async () => {
    const { page, complaints } = await browser.visitor()
    await page.setViewportSize(phone)
    await page.goto(`${live.url}/contribute/digits`)
    await page.getByRole('button', { name: 'Start', exact: true }).waitFor(patience)
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight))
    expect(await page.evaluate(() => scrollY)).toBeGreaterThan(phone.height / 2)
    await page.route('**/v1/**', (route) => route.abort())
    const banner = page.getByRole('alert').filter({ hasText: 'The server cannot be reached' })
    await banner.waitFor(patience)
    expect(await isInSight(banner)).toBe(true)
    expect(await overflow(page)).toBe(0)
    await page.unroute('**/v1/**')
    await banner.waitFor({ ...patience, state: 'detached' })
    expect(complaints).toEqual([])
  }, 120_000)

  it('every button of the versions is on the screen, none beyond its edge', async () => {
    const { page, complaints } = await browser.visitor()
    await page.setViewportSize(phone)
    await page.goto(live.adminLink ?? '')
    const versions = page.getByRole('list', { name: 'Versions, newest first' })
    const promote = versions.getByRole('button', { name: 'Promote' })
    await promote.scrollIntoViewIfNeeded(patience)
    for (const button of [promote, versions.getByRole('button', { name: 'Details' })]) {
      await button.scrollIntoViewIfNeeded(patience)
      expect(await isInSight(button)).toBe(true)
    }
    expect(await overflow(page)).toBe(0)
    await promote.click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('to see it on a phone')
    await dialog.getByRole('button', { name: 'Promote' }).click()
    await dialog.getByText('Model 0 is served now').waitFor(patience)
    expect(complaints).toEqual([])
  }, 120_000)
})
