import type { Clock } from '@panal/client-core'

/** True if something ends, well or not, or the signal aborts, before the time is over. Leaves no timer and no listener behind. */
export async function endsWithin(
  ms: number,
  something: Promise<unknown>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<boolean> {
  if (signal?.aborted === true) return true
  const timer = new AbortController()
  const stop = () => timer.abort(signal?.reason)
  signal?.addEventListener('abort', stop, { once: true })
  const over = clock.sleep(ms, timer.signal).then(
    () => false,
    () => true,
  )
  const ended = something.then(
    () => true,
    () => true,
  )
  const cameFirst = await Promise.race([ended, over])
  timer.abort()
  signal?.removeEventListener('abort', stop)
  return cameFirst
}
