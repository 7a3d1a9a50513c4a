import type { Clock } from '../device/clock.ts'

const everyMs = 50

/** Lets other work of the same thread run: resolves at once until 50 ms have passed since the last real pause. */
export interface Breath {
  readonly due: () => boolean
  /** @throws the signal's reason if it aborts meanwhile. */
  take(): Promise<void>
}

/**
 * Training keeps a thread busy without a break; a page, its worker or a socket on the same thread needs one. Timers
 * of the platform are the clock's, so a virtual clock never pauses and costs a simulation nothing.
 */
export function breathing(clock: Clock | undefined, signal: AbortSignal | undefined): Breath {
  let last = clock?.now() ?? 0
  return {
    due: () => clock !== undefined && clock.now() - last >= everyMs,
    async take() {
      await clock?.sleep(0, signal)
      last = clock?.now() ?? 0
    },
  }
}
