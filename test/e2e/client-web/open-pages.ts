import { afterAll, afterEach, beforeAll } from '@jest/globals'
import { chromium, type Browser, type Locator, type Page } from 'playwright-core'
import { chromiumFlags, chromiumPath } from '../../chromium.ts'

/** A person's own browser: nothing is kept or known from the others. */
export interface Visitor {
  readonly page: Page
  /** What the browser complained of: exceptions, and what the content security policy blocked. */
  readonly complaints: string[]
}

/**
 * One headless Chromium for a test file. Its pages are gone after each test, however that ended: a contributor that is
 * left behind would be asked for the next rounds, and the next test wait for one in vain.
 * @throws Error that says what to do, where there is no browser
 */
export function useBrowser(): { visitor(): Promise<Visitor> } {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: [...chromiumFlags, '--disable-quic', '--no-first-run', '--disable-background-networking'],
    })
  }, 60_000)
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()))
  }, 60_000)
  afterAll(() => browser.close())
  return {
    async visitor() {
      const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('pageerror', ({ message }) => complaints.push(message))
      page.on('console', (message) => {
        if (/content security policy/i.test(message.text())) complaints.push(message.text())
      })
      return { page, complaints }
    },
  }
}

/** The version that an update of this browser is part of: there once its round is closed. */
export const countedIn = (page: Page): Locator =>
  page
    .getByRole('table', { name: 'Updates that left this browser' })
    .getByText(/^v\d+$/)
    .first()

/** A figure 7 on the drawing pad, with the mouse. */
export async function drawSeven(page: Page): Promise<void> {
  const pad = page.getByLabel(/^Drawing area/)
  await pad.scrollIntoViewIfNeeded()
  const box = await pad.boundingBox()
  if (box === null) throw new Error('the drawing pad is not on the page')
  const to = (x: number, y: number) => page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 5 })
  await to(0.25, 0.2)
  await page.mouse.down()
  await to(0.75, 0.2)
  await to(0.45, 0.85)
  await page.mouse.up()
}
