import { beforeAll, expect, it } from '@jest/globals'
import type { Locator, Page, Request } from 'playwright-core'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import { asLocalOwner } from '../../fixtures/people.ts'
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
  const { page, complaints } = await browser.visitor()
  await page.goto(`${live.url}/contribute/digits`)
  await drawSeven(page)
  await page.getByRole('radiogroup').getByText('7', { exact: true }).click()
  await page.getByRole('button', { name: 'Keep this digit' }).click()
  expect(await page.getByText('Borrow a sample').count()).toBe(0) // the task has none
  await page.getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Start' }).click()
  await countedIn(page).waitFor(patience)
  expect(complaints).toEqual([])
  await page.context().close()
}, 120_000)

/** The drawer of the round, as an operator. */
async function openRound(page: Page): Promise<Locator> {
  const { link } = await asLocalOwner<{ link: string }>(live, 'POST', '/v1/links', { name: 'ida', role: 'operator' })
  await page.goto(`${live.url}/admin/digits#link=${link}`)
  await page.getByRole('table', { name: 'Rounds, newest first' }).getByRole('button', { name: '1' }).click(patience)
  return page.getByRole('dialog', { name: 'Round 1' })
}

/** Its own row or card, not what opens below it. */
const updateIn = (drawer: Locator, role: 'list' | 'table'): Locator =>
  drawer
    .getByRole(role, { name: 'Updates, the most suspicious first' })
    .getByRole(role === 'list' ? 'listitem' : 'row')
    .filter({ hasText: 'accepted' })

it('what a round’s devices sent, and the button against each, are within the screen, on a phone as well', async () => {
  const { page, complaints } = await browser.visitor()
  await page.setViewportSize({ width: 390, height: 844 })
  const drawer = await openRound(page)
  await page.getByRole('dialog', { name: /^Round 1 \w+ v0 → v1$/ }).waitFor(patience) // its outcome between them
  for (const [role, width] of [
    ['list', 390],
    ['table', 1280],
  ] as const) {
    await page.setViewportSize({ width, height: 844 })
    const one = updateIn(drawer, role)
    const quarantine = one.getByRole('button', { name: 'Quarantine' }).first()
    await quarantine.scrollIntoViewIfNeeded(patience)
    const device = one.getByText(/^d_[\w-]{22}$/) // the whole of it, on one line
    expect((await device.boundingBox())!.height).toBeLessThan(24)
    const id = await device.innerText()
    expect(await one.getByTitle(id, { exact: true }).count()).toBe(1)
    expect(await one.getByRole('button', { name: `Quarantine ${id}`, exact: true }).count()).toBe(1)
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
    await quarantine.click()
    await decide.waitFor(patience)
    await quarantine.click() // it says that it is expanded: a second click closes it
    await decide.waitFor({ ...patience, state: 'detached' })
    expect(await isFocused(quarantine)).toBe(true)
  }
  await drawer.getByRole('button', { name: 'Close' }).click()
  await drawer.waitFor({ ...patience, state: 'detached' })
  expect(complaints).toEqual([])
}, 180_000)

const isInspection = (request: Request): boolean => request.url().endsWith('/inspection')

/** Every name that a form has had in the drawer from now on, in order. */
const namesOfForms = async (drawer: Locator) => {
  await drawer.evaluate((node) => {
    const names: string[] = []
    const look = () =>
      node.querySelectorAll('[role=group]').forEach((form) => {
        const does = form.querySelector('button:last-child')?.textContent ?? ''
        const name = `${form.getAttribute('aria-label') ?? ''}: ${does}`
        if (names.at(-1) !== name) names.push(name)
      })
    new MutationObserver(look).observe(node, { subtree: true, childList: true, characterData: true, attributes: true })
    Object.assign(node.ownerDocument, { namesOfForms: names })
  })
  return () => drawer.evaluate((node) => (node.ownerDocument as Document & { namesOfForms: string[] }).namesOfForms)
}

it('a form does what it was opened for, whatever another operator does meanwhile, and however wide the screen becomes', async () => {
  const { page, complaints } = await browser.visitor()
  const drawer = await openRound(page)
  await updateIn(drawer, 'table').getByRole('button', { name: 'Quarantine' }).click(patience)
  const deviceId = await drawer.getByText(/^d_[\w-]{22}$/).innerText()
  const decide = drawer.getByRole('group', { name: `quarantine ${deviceId}` })
  const reason = decide.getByLabel('Reason')
  const does = decide.getByRole('button', { name: 'Quarantine' })
  await reason.fill('it sends nonsense')
  const byAnother = async (verb: 'quarantine' | 'release') =>
    expect((await live.asOperator('POST', `/v1/devices/${deviceId}/${verb}`, { reason: 'seen' })).status).toBe(200)

  await byAnother('quarantine')
  await decide.getByText('It has been put in quarantine meanwhile').waitFor(patience)
  expect(await does.isDisabled()).toBe(true)
  expect(await reason.inputValue()).toBe('it sends nonsense')
  await byAnother('release')
  await decide.getByText('It stays joined').waitFor(patience)
  expect(await does.isEnabled()).toBe(true)

  await page.route('**/inspection', (route) => route.abort())
  const failed = () => page.waitForEvent('requestfailed', { ...patience, predicate: isInspection })
  await failed()
  await failed() // sent because the page had heard of the first
  expect(await reason.inputValue()).toBe('it sends nonsense')
  await page.unroute('**/inspection')

  await page.setViewportSize({ width: 390, height: 844 })
  await updateIn(drawer, 'list').waitFor(patience)
  expect(await reason.inputValue()).toBe('it sends nonsense')
  expect(await isFocused(reason)).toBe(true)

  const names = await namesOfForms(drawer)
  await does.click()
  const release = updateIn(drawer, 'list').getByRole('button', { name: 'Release' })
  await release.waitFor(patience)
  await updateIn(drawer, 'list').getByText('in quarantine', { exact: true }).waitFor(patience)
  await decide.waitFor({ ...patience, state: 'detached' })
  expect(await names()).toEqual([`quarantine ${deviceId}: Quarantine`])
  expect(await isFocused(release)).toBe(true)
  await release.click()
  expect(
    await drawer
      .getByRole('group', { name: `release ${deviceId}` })
      .getByLabel('Reason')
      .inputValue(),
  ).toBe('')
  expect(complaints).toEqual([])
}, 180_000)
