import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Page } from 'playwright-core'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import { asLocalOwner, signedIn } from '../../fixtures/people.ts'
import { useBrowser } from './open-pages.ts'

const patience = { timeout: 60_000 }
const live = useLiveServer({ promotionPeople: 2 })
const browser = useBrowser()
const password = 'four words of mine'
beforeAll(async () => {
  await createTask(live)
}, 60_000)

const phone = { width: 390, height: 844 }
/** Nothing may stick out sideways on a phone. */
const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

describe('the pages for people', () => {
  it('by link, password set, signed out and in again by the keyboard alone', async () => {
    const { page, complaints } = await browser.visitor()
    await page.goto(live.adminLink ?? '')
    await page.getByRole('button', { name: 'Account' }).click(patience)
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('New password').first().fill('qwerty123456')
    await dialog.getByRole('button', { name: 'Set the password' }).click()
    await dialog.getByText('this is among the first passwords that anybody tries').waitFor(patience)
    await dialog.getByLabel('New password').first().fill(password)
    await dialog.getByRole('button', { name: 'Set the password' }).click()
    await dialog.getByText('Your password is set').waitFor(patience)
    await dialog.getByRole('tab', { name: 'Sessions' }).click()
    await dialog.getByText('this one').waitFor(patience)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Sign out', exact: true }).click()

    await page.getByLabel('Name').focus(patience)
    await page.keyboard.type('admin')
    await page.keyboard.press('Tab')
    await page.keyboard.type('not my password')
    await page.keyboard.press('Enter')
    await page.getByText('there is nobody of this name with this password').waitFor(patience)
    const field = page.getByRole('textbox', { name: 'Password' })
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    await field.fill(password)
    await page.keyboard.press('Enter')
    await page.getByText('admin (owner)').waitFor(patience)
    expect(complaints).toEqual([])
  }, 120_000)

  it('an owner adds somebody, gives them a role, and makes and revokes a token', async () => {
    const { page, complaints } = await browser.visitor()
    const { link } = await asLocalOwner<{ link: string }>(live, 'POST', '/v1/links', { name: 'admin' })
    await page.goto(`${live.url}/admin#link=${link}`)
    await page.getByRole('button', { name: 'People' }).click(patience)
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Bob')
    await dialog.getByRole('button', { name: 'Add a person' }).click()
    await dialog.getByText(`${live.url}/admin#link=`).waitFor(patience)
    await dialog.getByLabel('Role of Bob').selectOption('operator')
    await dialog.getByRole('button', { name: 'Disable Bob' }).click()
    await dialog.getByText('disabled').waitFor(patience)
    await dialog.getByRole('button', { name: 'Disable admin' }).click()
    await dialog.getByRole('alert').getByText('this is the last owner').waitFor(patience)
    await page.setViewportSize(phone)
    expect(await overflow(page)).toBe(0)
    await page.setViewportSize({ width: 1280, height: 1000 })
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'Account' }).click()
    await dialog.getByRole('tab', { name: 'Tokens' }).click()
    await dialog.getByLabel('What it is for').fill('nightly')
    await dialog.getByRole('button', { name: 'Create a token' }).click()
    const secret = (await dialog.getByRole('status').locator('code').textContent(patience)) ?? ''
    const answer = await live.fetch('/v1/session', { headers: { authorization: `Bearer ${secret}` } })
    expect(await answer.json()).toEqual({ signedIn: true, role: 'viewer', name: 'admin (token nightly)' })
    await dialog.getByRole('button', { name: 'Revoke nightly' }).click()
    await dialog.getByText('There are no tokens.').waitFor(patience)
    expect(complaints).toEqual([])
  }, 120_000)

  it('a promotion that one asked for waits until another approves it', async () => {
    const cleo = await signedIn(live, 'Cleo', 'operator')
    await cleo.send('POST', '/v1/tasks/digits/promote', { version: 0, reason: 'the only one there is' })
    const { page, complaints } = await browser.visitor()
    const { link } = await asLocalOwner<{ link: string }>(live, 'POST', '/v1/links', { name: 'Dan', role: 'operator' })
    await page.setViewportSize(phone)
    await page.goto(`${live.url}/admin/digits#link=${link}`)
    const waiting = page.getByRole('region', { name: 'Waiting for a second person' })
    await waiting.getByText('the only one there is').waitFor(patience)
    expect(await overflow(page)).toBe(0)
    await waiting.getByRole('button', { name: 'Approve' }).click()
    await waiting.waitFor({ ...patience, state: 'detached' })
    await page.getByRole('tab', { name: 'Who moved what' }).click()
    await page.getByText('Cleo, approved by Dan').waitFor(patience)
    expect(complaints).toEqual([])
  }, 120_000)
})
