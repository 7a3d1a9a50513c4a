import type { Clock } from '@panal/client-core'

/** How many messages one connection may send: far above what a device needs, far below what would harm the server. */
const perWindow = 200
const windowMs = 10_000
const maxRefused = 20

/** Counts one connection's messages. */
export function messageBudget(clock: Clock): { allows(): boolean; refused(): boolean } {
  let windowStart = clock.now()
  let messages = 0
  let refusals = 0
  return {
    /** Counts a message; false once there are too many in one window. */
    allows() {
      const now = clock.now()
      if (now - windowStart >= windowMs) {
        windowStart = now
        messages = 0
      }
      return ++messages <= perWindow
    },
    /** Counts a message that made no sense; true once there have been too many. */
    refused: () => ++refusals >= maxRefused,
  }
}
