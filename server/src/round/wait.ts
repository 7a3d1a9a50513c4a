import type { Clock } from '@panal/client-core'

/** Leaves no listener behind: a server's signal lives as long as the server. @throws the signal's reason */
const unlessAborted = (woken: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    void woken.then(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
  })

/** True if it was woken, or the signal aborted, before the time was over. */
async function wokenWithin(ms: number, woken: Promise<void>, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const timer = new AbortController()
  const stop = () => timer.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  const over = clock.sleep(ms, timer.signal).then(
    () => false,
    () => true,
  )
  const cameFirst = await Promise.race([woken.then(() => true), over])
  timer.abort()
  signal.removeEventListener('abort', stop)
  return cameFirst
}

/** When there are devices enough for a round. */
interface Enough {
  readonly wanted: number
  readonly minimum: number
  readonly graceMs: number
  readonly clock: Clock
  readonly numDevices: () => number
  /** Resolves when their number may be another. */
  readonly nextChange: () => Promise<void>
}

/** Waits until there are all that are wanted, or after one grace as many as are needed at least. @throws the signal's reason */
export async function untilEnough(
  { wanted, minimum, graceMs, clock, numDevices, nextChange }: Enough,
  signal: AbortSignal,
): Promise<void> {
  for (let grace = true; ;) {
    signal.throwIfAborted()
    const found = numDevices()
    if (found >= wanted || (!grace && found >= minimum)) return
    const changed = nextChange()
    if (found < minimum) {
      await unlessAborted(changed, signal)
      grace = true
    } else {
      grace = await wokenWithin(graceMs, changed, clock, signal)
    }
  }
}
