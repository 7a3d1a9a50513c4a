import { beforeAll, expect, it } from '@jest/globals'
import { holdTheSecond } from '../../fixtures/held-version.ts'
import { addDataset, randomImages, useLiveServer } from '../../fixtures/live-server.ts'
import { digitsLike } from '../../fixtures/task-document.ts'
import { useBrowser } from './open-pages.ts'

const patience = { timeout: 60_000 }
const live = useLiveServer()
const browser = useBrowser()
beforeAll(() => holdTheSecond(live), 60_000)

it('on a phone, a held version is judged again, and says what came of it; what was found before stays to be read', async () => {
  const { page, complaints } = await browser.visitor()
  await page.setViewportSize({ width: 390, height: 844 })
  const overflow = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  const versions = page.getByRole('list', { name: 'Versions, newest first' })
  const details = () => versions.getByRole('listitem').first().getByRole('button', { name: 'Details' })

  await page.goto(`${live.url}/admin/digits`)
  await details().click(patience)
  await page.getByRole('dialog').getByText('Gate: not enough data').waitFor(patience)
  expect(await page.getByRole('button', { name: 'Judge again' }).count()).toBe(0)

  await page.goto(live.adminLink ?? '')
  await details().click(patience)
  const drawer = page.getByRole('dialog')
  await drawer.getByRole('button', { name: 'Judge again' }).click(patience)
  await drawer.getByText('Judged again: it is held still').waitFor(patience)

  const gate = await addDataset(live, randomImages(digitsLike(), 400, 9))
  expect((await live.asOperator('POST', '/v1/tasks/digits/sets', { gate })).status).toBe(200)
  await drawer.getByRole('button', { name: 'Judge again' }).click(patience)
  await drawer.getByText('Judged again: it is served now').waitFor(patience)
  await drawer.getByText('Gate: pass').waitFor(patience)
  expect(await drawer.getByRole('button', { name: 'Judge again' }).count()).toBe(0)
  expect(await overflow()).toBe(0)

  const all = drawer.getByRole('table', { name: 'Judgements, newest first' })
  expect(await all.getByRole('row').allInnerTexts()).toEqual([
    expect.stringMatching(/asked for by admin\s+PASS\s+promoted/i),
    expect.stringMatching(/asked for by admin\s+NOT ENOUGH DATA\s+held/i),
    expect.stringMatching(/after its round\s+NOT ENOUGH DATA\s+held/i),
  ])
  await all.getByRole('row').last().getByRole('link').click()
  await page.getByText('One of several judgements of this version.').waitFor(patience)
  await page.getByText('Held: there are not enough examples to tell').first().waitFor(patience)
  expect(await overflow()).toBe(0)
  await page.getByRole('link', { name: 'Show the newest' }).click()
  await page.getByText('Passed: it may be served').first().waitFor(patience)
  expect(complaints).toEqual([])
}, 180_000)
