import { beforeAll, describe, expect, it } from '@jest/globals'
import type { Page } from 'playwright-core'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import { countedIn, drawSeven, useBrowser, type Visitor } from './open-pages.ts'

const patience = { timeout: 60_000 }
const phone = { width: 390, height: 844 }
const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
const live = useLiveServer()
const browser = useBrowser()
const here = '/contribute/by-invitation'

beforeAll(async () => {
  await createTask(live, {
    id: 'by-invitation',
    enrolment: 'invitation',
    data: { kind: 'image', height: 28, width: 28, channels: 1, scale: 1 / 255, classes: digits },
    plan: { epochs: 1, batchSize: 8, learningRate: 0.001, optimizer: { name: 'sgd' }, codec: 'f16' },
    cohort: { size: 1, overSelection: 1, reportingGoal: 1, minimum: 1, deadlineMs: 60_000 },
    rounds: { minIntervalMs: 500 },
    gate: { checks: [{ name: 'integrity' }, { name: 'floor', metric: 'accuracy', min: 0 }] },
  })
}, 60_000)

const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** On a phone, with one digit drawn and the box ticked: all that Start needs, but for an invitation. */
async function ready(address: string): Promise<Visitor & { readonly addresses: string[] }> {
  const visitor = await browser.visitor()
  const { page } = visitor
  const addresses: string[] = []
  page.on('request', (request) => addresses.push(request.url()))
  await page.setViewportSize(phone)
  await page.goto(address)
  await drawSeven(page)
  await page.getByText('7', { exact: true }).click()
  await page.getByRole('button', { name: 'Keep this digit' }).click()
  await page.getByText('1 digit kept').waitFor(patience)
  await page.getByLabel(/^I agree/).check()
  return { ...visitor, addresses }
}
const start = (page: Page) => page.getByRole('button', { name: 'Start', exact: true })
const invite = async (): Promise<{ link: string; invitation: string }> => {
  const answer = await live.asOperator('POST', '/v1/tasks/by-invitation/invitations', {})
  const { invitation, serverKey } = (await answer.json()) as { invitation: string; serverKey: string }
  return { invitation, link: `${live.url}${here}#invitation=${invitation}&key=${serverKey}` }
}
const refusedFor = (page: Page, reason: RegExp) =>
  page.getByRole('alert').filter({ hasText: 'does not let you in' }).filter({ hasText: reason }).waitFor(patience)

describe('a task that takes devices by invitation', () => {
  it('an operator makes a link on a phone, and copies it; whoever opens it is let in, once', async () => {
    const operator = await browser.visitor()
    await operator.page.setViewportSize(phone)
    await operator.page.goto(live.adminLink ?? '')
    await operator.page.getByRole('button', { name: 'Make an invitation link' }).click(patience)
    const secret = operator.page.getByRole('status').filter({ hasText: 'Lets one browser in' })
    const link = (await secret.locator('code').textContent(patience)) ?? ''
    expect(link.startsWith(`${live.url}${here}#invitation=`)).toBe(true)
    await secret.getByRole('button', { name: 'Copy' }).click()
    await secret.getByRole('button', { name: 'Copied' }).waitFor(patience)
    expect(await overflow(operator.page)).toBe(0)
    await operator.page.reload()
    await operator.page.getByRole('button', { name: 'Make an invitation link' }).waitFor(patience)
    expect(await operator.page.getByText('#invitation=').count()).toBe(0)

    const guest = await ready(link)
    expect(guest.page.url()).toBe(live.url + here)
    await guest.page.getByText('You are invited').waitFor(patience)
    expect(await overflow(guest.page)).toBe(0)
    await guest.page.reload()
    await guest.page.getByText('You are invited').waitFor(patience)
    await guest.page.getByLabel(/^I agree/).check()
    await start(guest.page).click()
    await countedIn(guest.page).waitFor(patience)
    await guest.page.getByRole('button', { name: 'Leave' }).click()
    await guest.page.getByText('You left').waitFor(patience)
    const token = /invitation=([^&]+)/.exec(link)![1]!
    expect(guest.addresses.filter((address) => address.includes(token) && !address.includes('#'))).toEqual([])

    // It is let in for good: without a link, and after a reload.
    await guest.page.reload()
    await guest.page.getByText('1 digit kept').waitFor(patience)
    await guest.page.getByLabel(/^I agree/).check()
    expect(await start(guest.page).isEnabled()).toBe(true)
    expect(await guest.page.getByText('invitation').count()).toBe(0)

    const late = await ready(link)
    await start(late.page).click()
    await refusedFor(late.page, /used by another device/)
    expect(await start(late.page).isDisabled()).toBe(true)
    expect(await overflow(late.page)).toBe(0)
    // Another link, in the same page, is as good as the first would have been.
    await late.page.goto((await invite()).link)
    await late.page.getByText('You are invited').waitFor(patience)
    await late.page.getByLabel(/^I agree/).check()
    await start(late.page).click()
    await countedIn(late.page).waitFor(patience)
    expect([...operator.complaints, ...guest.complaints, ...late.complaints]).toEqual([])
  }, 300_000)

  it('says that an invitation is needed, and starts nothing without one', async () => {
    const { page, complaints } = await ready(live.url + here)
    await page.getByText('This task takes devices by invitation').waitFor(patience)
    expect(await start(page).isDisabled()).toBe(true)
    await page.getByText('First open a link that invites you.').waitFor(patience)
    expect(await overflow(page)).toBe(0)
    expect(complaints).toEqual([])
  }, 120_000)

  it('says before anything is drawn that a link is damaged, or another server’s', async () => {
    const { invitation } = await invite()
    const [, claims = '', signature = ''] = invitation.split('.')
    const foreign = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: 'k'.repeat(43) })).toString('base64url')
    const { page, complaints } = await browser.visitor()
    for (const [token, reason] of [
      [invitation.slice(0, 50), /damaged/],
      [`${foreign}.${claims}.${signature}`, /another server/],
    ] as const) {
      await page.goto(`${live.url}${here}#invitation=${token}`)
      await refusedFor(page, reason)
      expect(page.url()).toBe(live.url + here)
    }
    expect(complaints).toEqual([])
  }, 120_000)

  it('forged past what a page can see, it is refused by the server', async () => {
    const { invitation } = await invite()
    const forged = invitation.replace(/[^.]*$/, (signature) => signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')))
    const { page, complaints } = await ready(`${live.url}${here}#invitation=${forged}`)
    await page.getByText('You are invited').waitFor(patience)
    await start(page).click()
    await refusedFor(page, /not for this task, used, expired or not ours/)
    expect(complaints).toEqual([])
  }, 120_000)
})
