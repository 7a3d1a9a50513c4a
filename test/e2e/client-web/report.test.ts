import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Page } from 'playwright-core'
import { reportHtml } from '../../../server/src/gate/report/report-html.ts'
import { figuresNamed, gateReport, hostile } from '../../fixtures/gate-report.ts'
import { judgeTwoVersions } from '../../fixtures/judged-task.ts'
import { useLiveServer } from '../../fixtures/live-server.ts'
import { tokenOf } from '../../fixtures/people.ts'
import { useBrowser } from './open-pages.ts'

const patience = { timeout: 60_000 }
const phone = { width: 390, height: 844 }
const live = useLiveServer()
const browser = useBrowser()
let folder: string
let savedFile: string

beforeAll(async () => {
  await judgeTwoVersions(live)
  folder = await mkdtemp(join(tmpdir(), 'panal-report-page-'))
  const headers = { authorization: `Bearer ${await tokenOf(live, 'viewer')}` }
  const html = await (await live.fetch('/v1/tasks/digits/versions/2/report.html', { headers })).text()
  savedFile = join(folder, 'report.html')
  await writeFile(savedFile, html)
}, 180_000)
afterAll(() => rm(folder, { recursive: true }))

/** Nothing may need scrolling to the side, with everything opened that opens. */
async function expectFits(page: Page): Promise<void> {
  await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)))
  const { content, window } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    window: innerWidth,
  }))
  expect(content).toBeLessThanOrEqual(window)
}

/** How large a picture is drawn; all that are on the page and visible. */
const sizesOfPictures = (page: Page, selector: string) =>
  page.evaluate(
    (of) =>
      Array.from(document.querySelectorAll(of))
        .filter((each) => each.checkVisibility())
        .map((each) => each.getBoundingClientRect())
        .map(({ width, height }) => Math.min(width, height)),
    selector,
  )

describe('the report of a version, on its page', () => {
  it('opens from the versions, says the verdict first, and draws its figures', async () => {
    const { page, complaints } = await browser.visitor()
    await page.goto(`${live.url}/admin/digits`)
    await page.getByRole('row', { name: /^2 / }).getByRole('button', { name: 'Details' }).click(patience)
    await page.getByRole('link', { name: 'Open the full report' }).click(patience)
    await page.getByRole('heading', { name: 'Model 2 of “Handwritten digits”' }).waitFor(patience)
    expect(page.url()).toBe(`${live.url}/admin/digits/versions/2`)
    await page.getByText('Blocked: it must not be served').waitFor(patience)
    await page.getByRole('heading', { name: 'What decided it' }).waitFor(patience)
    // The confusion matrix, the interval that decided, and the strip of looks.
    expect((await sizesOfPictures(page, '.report svg[role=img]')).length).toBeGreaterThanOrEqual(3)
    for (const size of await sizesOfPictures(page, '.report svg[role=img]')) expect(size).toBeGreaterThan(5)
    // Examples are for people who have signed in.
    await page.getByText('Sign in to see the examples behind this.').first().waitFor(patience)
    expect(await page.getByRole('button', { name: /Show the examples/ }).count()).toBe(0)
    expect(complaints).toEqual([])
  }, 120_000)

  it('shows the examples behind a row as images to whoever has signed in, and more of them', async () => {
    const { page, complaints } = await browser.visitor()
    await page.goto(live.adminLink ?? '')
    await page.getByRole('button', { name: 'Sign out' }).waitFor(patience)
    await page.goto(`${live.url}/admin/digits/versions/2`)
    const decided = page.locator('.decided')
    await decided.getByRole('button', { name: 'Show the examples behind this' }).click(patience)
    await decided.locator('.gallery img').first().waitFor(patience)
    await decided.getByRole('button', { name: 'Show more' }).click(patience)
    await decided.getByText('1 to 24 of 60 examples').waitFor(patience)
    const widths = await decided
      .locator('.gallery img')
      .evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth))
    expect(widths.slice(0, 4)).toEqual([4, 4, 4, 4]) // decoded: what is below the fold is loaded later
    await decided.getByRole('button', { name: 'Hide the examples' }).click()
    expect(await decided.locator('.gallery').count()).toBe(0)

    await page.setViewportSize(phone)
    await decided.getByRole('button', { name: 'Show the examples behind this' }).click(patience)
    await decided.locator('.gallery img').first().waitFor(patience)
    await expectFits(page)
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Save as a file' }).click(),
    ])
    expect(file.suggestedFilename()).toBe('digits-model-2-report.html')
    expect(complaints).toEqual([])
  }, 120_000)

  it('leads from the short list into the check, opening it', async () => {
    const { page } = await browser.visitor()
    await page.goto(`${live.url}/admin/digits/versions/2`)
    const floor = page.locator('details.check').filter({ hasText: 'floor' }).first()
    await floor.waitFor(patience)
    expect(await floor.getAttribute('open')).toBeNull()
    await page
      .getByRole('navigation', { name: 'Checks' })
      .getByRole('link', { name: 'Is it good enough at all?' })
      .click()
    await floor.getByText('What does this mean?').waitFor(patience)
    expect(await floor.getByText('What does this mean?').isVisible()).toBe(true)
  }, 120_000)

  it('on paper leaves the page’s own buttons away, and shows what is closed on the screen', async () => {
    const { page, complaints } = await browser.visitor()
    await page.goto(`${live.url}/admin/digits/versions/2`)
    await page.getByRole('heading', { name: 'What decided it' }).waitFor(patience)
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    expect(await page.getByRole('button', { name: 'Print' }).isVisible()).toBe(false)
    expect(await page.locator('header').first().isVisible()).toBe(false)
    const closed = page.locator('details.check:not([open]) .means').first()
    expect((await closed.boundingBox())?.height).toBeGreaterThan(10)
    // Dark on light, whatever the screen had.
    const ink = await page.locator('.report').evaluate((report) => getComputedStyle(report).color)
    expect(ink).toBe('rgb(34, 38, 43)')
    expect(complaints).toEqual([])
  }, 120_000)

  it('says so where there is no report, and no such version', async () => {
    const { page } = await browser.visitor()
    await page.goto(`${live.url}/admin/digits/versions/0`)
    await page.getByText('The initial weights are not judged.').waitFor(patience)
    await page.goto(`${live.url}/admin/digits/versions/99`)
    await page.getByText('This report could not be read').waitFor(patience)
  }, 120_000)
})

describe('a saved report', () => {
  it.each(['light', 'dark'] as const)(
    'opens from the disk, fits a phone, and shows its images (%s)',
    async (colorScheme) => {
      const { page, complaints } = await browser.visitor()
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize(phone)
      await page.goto(pathToFileURL(savedFile).href)
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Model 2 of “Handwritten digits”')
      await expectFits(page)
      const images = page.locator('.gallery img')
      for (const image of await images.all()) await image.scrollIntoViewIfNeeded()
      const widths = await images.evaluateAll((all) => all.map((image) => (image as HTMLImageElement).naturalWidth))
      expect(widths.length).toBeGreaterThanOrEqual(8)
      expect(new Set(widths)).toEqual(new Set([4]))
      // Its one style is the one that its policy names: with none, text would be black on white.
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      expect(background).toBe(colorScheme === 'light' ? 'rgb(253, 252, 249)' : 'rgb(35, 35, 35)')
      expect(complaints).toEqual([])
    },
    120_000,
  )

  it('whatever things are called, runs nothing and fits', async () => {
    const long = `${'x'.repeat(200)}${hostile}`
    const file = join(folder, 'hostile.html')
    await writeFile(file, reportHtml(gateReport({ reason: long, figures: figuresNamed(long) }), { title: long }))
    const { page, complaints } = await browser.visitor()
    page.on('dialog', (dialog) => complaints.push(dialog.message()))
    await page.setViewportSize(phone)
    await page.goto(pathToFileURL(file).href)
    await expectFits(page)
    expect(await page.locator('script, img, iframe').count()).toBe(0)
    expect(complaints).toEqual([])
  }, 120_000)
})
