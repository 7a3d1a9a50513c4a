import type { Clock, EpochMs } from './clock.ts'

/** A clock that stands still until it is told to move: for tests and for simulated fleets. */
export interface VirtualClock extends Clock {
  /**
   * Moves on by `ms`, waking each sleeper at its own time, earliest first, in order of falling asleep where equal.
   * Before each step, and at the end, waits until the work woken so far has come to rest.
   */
  advance(ms: number): Promise<void>
  /** When the next sleeper is due; undefined when nobody sleeps. `advance(nextWakeAt − now)` runs one step. */
  readonly nextWakeAt: EpochMs | undefined
}

export interface VirtualClockOptions {
  /** Where time starts. Default: 2026-01-01T00:00Z. */
  readonly startAt?: EpochMs
  /**
   * Resolves when everything that is not asleep on this clock has come to rest. The default lets 200 microtasks run,
   * which is enough for promises alone; work that leaves the microtask queue (files, WebCrypto, workers) needs a
   * `settle` that waits for it, such as a few turns of the platform's event loop.
   */
  readonly settle?: () => Promise<void>
}

interface Sleeper {
  readonly dueAt: EpochMs
  readonly wake: () => void
}

async function runMicrotasks(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve()
}

export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const settle = options.settle ?? runMicrotasks
  let now = options.startAt ?? 1_767_225_600_000
  /** Sorted by dueAt, then by age. */
  const sleepers: Sleeper[] = []

  const add = (sleeper: Sleeper) => {
    let at = sleepers.length
    while (at > 0 && sleepers[at - 1]!.dueAt > sleeper.dueAt) at--
    sleepers.splice(at, 0, sleeper)
  }

  return {
    now: () => now,
    get nextWakeAt() {
      return sleepers[0]?.dueAt
    },
    sleep: (ms, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason)
        const stop = () => {
          sleepers.splice(sleepers.indexOf(sleeper), 1)
          reject(signal?.reason)
        }
        const wake = () => {
          signal?.removeEventListener('abort', stop)
          resolve()
        }
        const sleeper: Sleeper = { dueAt: now + Math.max(0, ms), wake }
        signal?.addEventListener('abort', stop, { once: true })
        add(sleeper)
      }),
    async advance(ms) {
      const end = now + ms
      await settle()
      for (let next = sleepers[0]; next !== undefined && next.dueAt <= end; next = sleepers[0]) {
        sleepers.shift()
        now = Math.max(now, next.dueAt)
        next.wake()
        await settle()
      }
      now = Math.max(now, end)
    },
  }
}
