import type { Clock } from '@panal/client-core'

/** Leaves no listener behind: a server's signal lives as long as the server. @throws the signal's reason */
export const unlessAborted = (woken: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    void woken.then(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
  })

/** True if it was woken, or the signal aborted, before the time was over. */
export async function wokenWithin(
  ms: number,
  woken: Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
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
