import { beforeAll, describe, expect, it } from '@jest/globals'
import { applyCalibrator } from '@panal/client-core'
import { formatPercent } from '../../../client-web/src/components/format.ts'
import { promoteTooSure, tooSure } from '../../fixtures/calibrated-task.ts'
import { createTask, useLiveServer } from '../../fixtures/live-server.ts'
import { drawSeven, useBrowser } from './open-pages.ts'

/** Slow machines start a browser, a worker and tfjs in this time. */
const patience = { timeout: 60_000 }
const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']

const live = useLiveServer()
const browser = useBrowser()

/** One device makes a round, and whatever is sound is promoted: what is tested here is the pages. */
beforeAll(async () => {
  await createTask(live, {
    data: { kind: 'image', height: 28, width: 28, channels: 1, scale: 1 / 255, classes: digits },
    plan: { epochs: 1, batchSize: 8, learningRate: 0.001, optimizer: { name: 'sgd' }, codec: 'f16' },
    cohort: { size: 1, overSelection: 1, reportingGoal: 1, minimum: 1, deadlineMs: 60_000 },
    rounds: { minIntervalMs: 500, max: 1 },
    gate: { checks: [{ name: 'integrity' }, { name: 'floor', metric: 'accuracy', min: 0 }] },
  })
}, 60_000)

describe('the pages', () => {
  it('one person contributes an update, and another sees the model it made promoted', async () => {
    const watcher = await browser.visitor()
    await watcher.page.goto(`${live.url}/try/digits`)
    await watcher.page.getByText('It is still learning').waitFor(patience)

    const giver = await browser.visitor()
    await giver.page.goto(live.url)
    await drawSeven(giver.page)
    await giver.page.getByText('7', { exact: true }).click()
    await giver.page.getByRole('button', { name: 'Keep this digit' }).click()
    await giver.page.getByRole('list', { name: 'Digits kept in this browser' }).waitFor(patience)
    expect(await giver.page.getByRole('button', { name: 'Start' }).isDisabled()).toBe(true)
    await giver.page.getByLabel(/^I agree/).check()
    await giver.page.getByRole('button', { name: 'Start' }).click()

    const receipts = giver.page.getByRole('table', { name: 'Updates that left this browser' })
    await receipts.waitFor(patience)
    expect(await receipts.getByRole('row').count()).toBe(2) // the header, and the one round there is

    // Its key is a handle that not even this page can read out.
    expect(await giver.page.evaluate(keptKey)).toMatchObject({ kind: 'webcrypto', extractable: false, crv: 'Ed25519' })

    await watcher.page.getByText('Model 1 was promoted just now').waitFor(patience)
    await drawSeven(watcher.page)
    await watcher.page.getByTestId('answer').getByText('%').waitFor(patience)
    expect(await watcher.page.getByTestId('champion-version').textContent()).toContain('model 1 answers')

    await giver.page.getByRole('button', { name: 'Leave' }).click()
    await giver.page.getByText('You left').waitFor(patience)
    expect([...giver.complaints, ...watcher.complaints]).toEqual([])
  }, 180_000)

  it.each(['temperature', 'platt', 'isotonic'] as const)(
    'a model that is served with %s answers here what its calibrator makes of it',
    async (method) => {
      const { calibrator } = await promoteTooSure(live, method, method)
      expect(calibrator?.method).toBe(method)
      const { page, complaints } = await browser.visitor()
      await page.goto(`${live.url}/try/${method}`)
      for (const dose of [0.3, 0.7]) {
        await page.getByLabel('dose').fill(String(dose), patience)
        const p = tooSure(dose)
        const [, served] = applyCalibrator(calibrator!, { probabilities: [1 - p, p], numClasses: 2 })
        // As trained it would say 92 and 100 %; what comes true is 65 and 80 %.
        expect(Math.abs(served! - 1 / (1 + Math.exp(-2 * dose)))).toBeLessThan(0.1)
        await page
          .getByTestId('answer')
          .getByText(`yes – ${formatPercent(served!)}`)
          .waitFor(patience)
      }
      expect(complaints).toEqual([])
    },
    120_000,
  )

  it('keeps what was drawn over a reload, and forgets a drawing when told', async () => {
    const { page, complaints } = await browser.visitor()
    await page.goto(`${live.url}/contribute/digits`)
    await drawSeven(page)
    await page.getByText('7', { exact: true }).click()
    await page.getByRole('button', { name: 'Keep this digit' }).click()
    await page.getByText('1 digit kept').waitFor(patience)
    await page.reload()
    await page.getByText('1 digit kept').waitFor(patience)
    await page.getByRole('button', { name: 'Delete this 7' }).click()
    await page.getByText('1 digit kept').waitFor({ ...patience, state: 'detached' })
    expect(complaints).toEqual([])
  }, 120_000)

  it('can be drawn on by keys alone', async () => {
    const { page, complaints } = await browser.visitor()
    await page.goto(`${live.url}/contribute/digits`)
    await page.getByLabel(/^Drawing area/).focus()
    for (const key of ['ArrowUp', ' ', 'ArrowDown', 'ArrowDown', 'ArrowDown', ' ']) await page.keyboard.press(key)
    await page.getByText('This is what the model sees.').waitFor(patience)
    await page.keyboard.press('Delete')
    await page.getByText('Draw one digit.').waitFor(patience)
    expect(complaints).toEqual([])
  }, 120_000)

  it('an admin signs in by the one-time link, moves the champion with a reason, and is told every error of a document', async () => {
    const { page, complaints } = await browser.visitor()
    await page.goto(`${live.url}/admin`)
    await page.getByText('You are looking on').waitFor(patience)
    expect(await page.getByRole('button', { name: 'Promote' }).count()).toBe(0)

    await page.goto(live.adminLink ?? '')
    await page.getByRole('button', { name: 'Sign out' }).waitFor(patience)
    // a one-time link has no business in the history
    expect(page.url()).toBe(`${live.url}/admin/digits`)

    await page.getByRole('row', { name: /^0 / }).getByRole('button', { name: 'Promote' }).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByRole('button', { name: 'Promote' }).isDisabled()).toBe(true)
    await dialog.getByLabel('Reason').fill('to see the initial weights answer')
    await dialog.getByRole('button', { name: 'Promote' }).click()
    await dialog.getByText('Model 0 is served now').waitFor(patience)
    await dialog.getByRole('button', { name: 'Close' }).last().click()

    await page.getByRole('tab', { name: 'Who moved what' }).click()
    await page.getByText('to see the initial weights answer').waitFor(patience)

    await page.getByRole('button', { name: 'Create a task' }).click()
    await page.getByLabel('Task document').fill('{"id": "Not An Id"}')
    await dialog.getByRole('button', { name: 'Create', exact: true }).click()
    const errors = page.getByRole('table', { name: 'Errors in the document' })
    await errors.waitFor(patience)
    for (const path of ['/id', '/title', '/plan', '/gate'])
      expect(await errors.getByText(path, { exact: true }).count()).toBe(1)
    expect(complaints).toEqual([])
  }, 120_000)
})

/** Runs in the page: what IndexedDB keeps of this browser's key. */
async function keptKey(): Promise<object> {
  const answer = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(new Error('IndexedDB refused'))
    })
  const db = await answer(indexedDB.open('panal'))
  const kept = (await answer(db.transaction('keys').objectStore('keys').get('device'))) as {
    kind: string
    privateKey: CryptoKey
    publicKey: { crv: string }
  }
  const exported = await crypto.subtle.exportKey('jwk', kept.privateKey).then(
    () => true,
    () => false,
  )
  return { kind: kept.kind, extractable: kept.privateKey.extractable || exported, crv: kept.publicKey.crv }
}
