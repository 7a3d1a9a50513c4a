import { beforeAll, expect, it } from '@jest/globals'
import type { Locator } from 'playwright-core'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import { countedIn, drawSeven, useBrowser } from './open-pages.ts'

const patience = { timeout: 60_000 }
const live = useLiveServer()
const browser = useBrowser()

const isFocused = (element: Locator): Promise<boolean> =>
  element.evaluate((node) => node === node.ownerDocument.activeElement)

/** A round is one browser's update. */
beforeAll(async () => {
  await createTask(live, {
    data: {
      kind: 'image',
      height: 28,
      width: 28,
      channels: 1,
      scale: 1 / 255,
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    },
    cohort: { size: 1, overSelection: 1, reportingGoal: 1, minimum: 1, deadlineMs: 60_000 },
    rounds: { minIntervalMs: 500, max: 1 },
  })
}, 60_000)

it('what a round’s devices sent, and the button against each, are within the screen, on a phone as well', async () => {
  const { page, complaints } = await browser.visitor()
  await page.goto(`${live.url}/contribute/digits`)
  await drawSeven(page)
  await page.getByRole('radiogroup').getByText('7', { exact: true }).click()
  await page.getByRole('button', { name: 'Keep this digit' }).click()
  expect(await page.getByText('Borrow a sample').count()).toBe(0) // the task has none
  await page.getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Start' }).click()
  await countedIn(page).waitFor(patience)

  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(live.adminLink ?? '')
  await page.getByRole('table', { name: 'Rounds, newest first' }).getByRole('button', { name: '1' }).click(patience)
  const drawer = page.getByRole('dialog', { name: 'Round 1' })
  const updates = (role: 'list' | 'table') => drawer.getByRole(role, { name: 'Updates, the most suspicious first' })
  for (const [role, width] of [
    ['list', 390],
    ['table', 1280],
  ] as const) {
    await page.setViewportSize({ width, height: 844 })
    const one = updates(role)
      .getByRole(role === 'list' ? 'listitem' : 'row')
      .filter({ hasText: 'accepted' }) // not what opens below it
    const quarantine = one.getByRole('button', { name: 'Quarantine' }).first()
    await quarantine.scrollIntoViewIfNeeded(patience)
    const device = one.getByText(/^d_[\w-]{22}$/) // the whole of it
    for (const each of [quarantine, device, one.getByText('accepted')]) {
      const box = (await each.boundingBox())!
      expect(box.x).toBeGreaterThanOrEqual(0)
      expect(box.x + box.width).toBeLessThanOrEqual(width)
    }
    await quarantine.click()
    const decide = drawer.getByRole('group', { name: /^quarantine d_/ })
    const reason = decide.getByLabel('Reason')
    await reason.waitFor(patience)
    // below its button, in sight, and ready to be written into
    const box = (await decide.boundingBox())!
    expect(box.y).toBeGreaterThan((await quarantine.boundingBox())!.y)
    expect(box.y + box.height).toBeLessThanOrEqual(844)
    expect(box.x + box.width).toBeLessThanOrEqual(width)
    expect(await isFocused(reason)).toBe(true)
    await decide.getByRole('button', { name: 'Cancel' }).click()
    await decide.waitFor({ ...patience, state: 'detached' })
    expect(await isFocused(quarantine)).toBe(true)
  }
  await drawer.getByRole('button', { name: 'Close' }).click()
  await drawer.waitFor({ ...patience, state: 'detached' })
  expect(complaints).toEqual([])
}, 180_000)
