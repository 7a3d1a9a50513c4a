import { once } from 'node:events'
import type { Clock, Trainer } from '@panal/client-core'

/** Runs `work` when it is its turn. @throws the signal's reason if it aborts while waiting */
export type Turns = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>

/** One at a time, first come, first served. */
export function takeTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (work, signal) => {
    const before = last
    const turn = unlessAborted(before, signal).then(work)
    // Who gives up leaves the queue at once, but whoever comes next still waits for those before.
    last = Promise.allSettled([before, turn])
    return turn
  }
}

async function unlessAborted(turn: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const arrived = new AbortController()
  try {
    await Promise.race([turn, once(signal, 'abort', { signal: arrived.signal })])
    signal.throwIfAborted()
  } finally {
    arrived.abort()
  }
}

/** Devices that share a thread would only slow each other down if they trained at the same time. */
export const trainInTurn = (trainer: Trainer, turns: Turns, clock: Clock): Trainer => ({
  ...trainer,
  async train(base, plan, data, rng, signal, options) {
    const askedAt = clock.now()
    return turns(async () => {
      const waitedMs = clock.now() - askedAt
      return { ...(await trainer.train(base, plan, data, rng, signal, options)), waitedMs }
    }, signal)
  },
})
