import type { Clock } from '@panal/client-core'
import { endsWithin } from '../ends-within.ts'

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
      grace = await endsWithin(graceMs, changed, clock, signal)
    }
  }
}
