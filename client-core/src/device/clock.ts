/** Milliseconds since 1970-01-01T00:00Z. */
export type EpochMs = number

/** Time as an argument, so that a simulation can drive the same code on a virtual clock. */
export interface Clock {
  now(): EpochMs
  /** Resolves after `ms`; rejects with the signal's reason if it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** What a platform must offer for a real clock. */
export interface Timers {
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(handle: never): void
}

/** Timers count in 31 bits: a longer one fires at once, and a device told to wait a month would come back all the time. */
const longestTimerMs = 2 ** 31 - 1

/** The real clock, over the platform's own timers. */
export function systemClock(timers: Timers): Clock {
  const timer = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason)
      const stop = () => {
        timers.clearTimeout(handle as never)
        reject(signal?.reason)
      }
      const handle = timers.setTimeout(() => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }, ms)
      signal?.addEventListener('abort', stop, { once: true })
    })
  return {
    now: () => Date.now(),
    async sleep(ms, signal) {
      let leftMs = ms
      for (; leftMs > longestTimerMs; leftMs -= longestTimerMs) await timer(longestTimerMs, signal)
      await timer(leftMs, signal)
    },
  }
}
