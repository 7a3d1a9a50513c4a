import type { Clock } from '@panal/client-core'
import type { Population } from './population.ts'

interface Watching {
  readonly heartbeatMs: number
  readonly clock: Clock
  readonly complain: (error: unknown) => void
}

/** [R8] Looks for lapsed leases often enough that one is noticed within half a heartbeat, until the signal aborts. */
export async function watchLeases(
  population: Pick<Population, 'sweep'>,
  { heartbeatMs, clock, complain }: Watching,
  signal: AbortSignal,
): Promise<void> {
  const waited = () =>
    clock.sleep(Math.ceil(heartbeatMs / 2), signal).then(
      () => true,
      () => false,
    )
  while (await waited())
    try {
      population.sweep()
    } catch (error) {
      // A lapse may end the round, and a full disk refuse that: the deadline ends it then.
      complain(error)
    }
}
