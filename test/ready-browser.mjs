/** Global setup of the tests that run alone: a browser, and the page as its sources are now. */
import ensureChromium from './ensure-chromium.mjs'
import { ensurePage } from './ensure-page.mjs'

export default function readyBrowser() {
  ensureChromium()
  ensurePage()
}
