import type { Clock, SessionEvent } from '@panal/client-core'

/** A page cannot draw progress more often than this; each event is posted, copied and rendered. */
const everyMs = 100

/**
 * Passes every event on, except progress of the same state and round within 100 ms of the last: of those, a session
 * tells many, and each only replaces the one before.
 */
export function calmly(clock: Clock, tell: (event: SessionEvent) => void): (event: SessionEvent) => void {
  let last = { doing: '', at: -Infinity }
  return (event) => {
    if (event.type === 'state' && 'fraction' in event.state) {
      const doing = `${event.state.state} ${event.state.roundNumber}`
      const now = clock.now()
      if (doing === last.doing && now - last.at < everyMs && event.state.fraction < 1) return
      last = { doing, at: now }
    }
    tell(event)
  }
}
