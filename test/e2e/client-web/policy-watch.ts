import type { Page, Worker } from 'playwright-core'

/** How a browser tells that it held a page to a policy: each way is listened to, in the page and in its workers. */
export const channels = [
  'page: event',
  'page: report',
  'page: log',
  'page: console',
  'page: issue',
  'worker: event',
  'worker: report',
  'worker: log',
] as const
type Channel = (typeof channels)[number]

/** One complaint; `text` has the address that was blocked. */
export interface Complaint {
  readonly channel: Channel
  readonly text: string
}

export interface PolicyWatch {
  readonly complaints: readonly Complaint[]
  /** Resolves when each channel has told something with this in it. */
  heardEverywhere(text: string): Promise<void>
}

/** What page and worker run: their own ears. Reports from before they listen are handed to them as well. */
function listen(tell: (kind: 'event' | 'report', text: string) => void): void {
  addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
    tell('event', `${effectiveDirective} ${blockedURI}`),
  )
  new ReportingObserver((reports) => reports.forEach((report) => tell('report', JSON.stringify(report))), {
    buffered: true,
  }).observe()
}

/** Hears all that the browser has against what this page and its workers do, from before the page is loaded. */
export async function watchPolicies(page: Page): Promise<PolicyWatch> {
  const complaints: Complaint[] = []
  const waiting = new Set<() => void>()
  const add = (channel: Channel, text: string) => {
    complaints.push({ channel, text })
    waiting.forEach((look) => look())
  }
  await listenInPage(page, add)
  await listenInWorkers(page, add)
  await listenInBrowser(page, add)
  return {
    complaints,
    heardEverywhere: (text) =>
      new Promise((resolve) => {
        const look = () => {
          const heard = new Set(complaints.filter((each) => each.text.includes(text)).map(({ channel }) => channel))
          if (heard.size < channels.length) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
}

type Add = (channel: Channel, text: string) => void

async function listenInPage(page: Page, add: Add): Promise<void> {
  await page.exposeBinding('tellComplaint', (_source, kind: 'event' | 'report', text: string) =>
    add(`page: ${kind}`, text),
  )
  await page.addInitScript(`(${listen.toString()})((kind, text) => tellComplaint(kind, text))`)
}

/** A worker has no bindings: it keeps what it hears, and is asked for it again and again until it ends. */
async function listenInWorkers(page: Page, add: Add): Promise<void> {
  page.on('worker', (worker) => {
    void follow(worker, add).catch(() => undefined) // it ended
  })
}

async function follow(worker: Worker, add: Add): Promise<void> {
  await worker.evaluate(`{
    const heard = []
    let told = () => undefined
    self.nextComplaints = async () => {
      if (heard.length === 0) await new Promise((resolve) => (told = resolve))
      return heard.splice(0)
    }
    (${listen.toString()})((kind, text) => { heard.push([kind, text]); told() })
  }`)
  for (;;) {
    const heard = await worker.evaluate<['event' | 'report', string][]>('self.nextComplaints()')
    for (const [kind, text] of heard) add(`worker: ${kind}`, text)
  }
}

/** What the developer tools show, which hear a worker from its first line on. */
async function listenInBrowser(page: Page, add: Add): Promise<void> {
  // That a browser does not know a feature that it is told to deny is no complaint.
  const isPolicy = (text: string) =>
    /polic(y|ies)|refused|blocked|cross-origin/i.test(text) && !/Unrecognized feature/.test(text)
  page.on('console', (message) => {
    if (isPolicy(message.text())) add('page: console', message.text())
  })
  const tools = await page.context().newCDPSession(page)
  tools.on('Log.entryAdded', ({ entry: { source, text } }) => {
    if (isPolicy(text)) add(source === 'worker' ? 'worker: log' : 'page: log', text)
  })
  tools.on('Audits.issueAdded', ({ issue }) => add('page: issue', JSON.stringify(issue)))
  await tools.send('Log.enable')
  await tools.send('Audits.enable')
}
