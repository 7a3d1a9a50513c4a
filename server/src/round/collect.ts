import type { Assignment, Clock, DeviceId, ModelManifest } from '@panal/client-core'
import { failpoint } from '../failpoint.ts'
import type { Task } from '../registry/task.ts'
import type { LiveRound } from './live-round.ts'
import type { Population } from './population.ts'
import { heldTo, lastChance, originOf } from './carried.ts'
import { statusOf, type Origin, type Round } from './state.ts'

/** What it takes to offer a round. */
export interface Offering {
  readonly population: Population
  readonly clock: Clock
  /** What the devices of an origin train from, signed. */
  readonly manifest: (origin: Origin) => ModelManifest
}

/** What all chance of one device's work in one round comes from: the same for a live device and a simulated one. */
export const deviceSeed = ({ id, document }: Task, roundNumber: number, deviceId: DeviceId): string =>
  `${document.seed}/${id}/${roundNumber}/${deviceId}`

/** The offer that one device of a round holds, of this round or of an earlier one; null when nobody waits for it. */
export function assignmentFor(
  task: Task,
  round: Round,
  deviceId: DeviceId,
  { clock, manifest }: Pick<Offering, 'clock' | 'manifest'>,
): Assignment | null {
  const now = clock.now()
  const origin = heldTo(round, deviceId, task.document, now)
  if (origin === null) return null
  return {
    taskId: task.id,
    roundNumber: origin.roundNumber,
    manifest: manifest(origin),
    seed: deviceSeed(task, origin.roundNumber, deviceId),
    deadlineInMs: Math.max(0, lastChance(origin, task.document) - now),
  }
}

/**
 * Offers the round to those of its cohort that it asks, then waits for the reporting goal, the deadline, or the loss of
 * everybody [R3]–[R6]. Whoever has not reported by then and cannot count in the next round is told to stop.
 */
export async function collectUpdates(
  task: Task,
  live: LiveRound,
  offering: Offering,
  signal: AbortSignal,
): Promise<void> {
  const { population, clock } = offering
  const { cohort, deadlineAt } = live.round
  for (const deviceId of cohort) {
    // One that was gone between two rounds and came back.
    if (statusOf(live.round, deviceId) === 'dropped' && population.has(deviceId))
      live.dispatch({ type: 'returned', deviceId, at: clock.now() })
    const assignment = assignmentFor(task, live.round, deviceId, offering)
    if (assignment === null) continue // a round taken up after a restart: this one has reported
    population.expect(deviceId)
    if (assignment.roundNumber !== live.round.number) continue // it has its offer, or gets it when it joins
    failpoint('before-assign')
    population.send(deviceId, 'assignment', assignment)
  }
  await deadlineOrSettled(live, { deadlineAt, clock }, signal)
  withdraw(task, live.round, offering)
}

async function deadlineOrSettled(
  live: LiveRound,
  { deadlineAt, clock }: { deadlineAt: number; clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const enough = new AbortController()
  const stop = () => enough.abort()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const deadline = clock.sleep(Math.max(0, deadlineAt - clock.now()), enough.signal).then(
      () => live.dispatch({ type: 'deadline', at: Math.max(deadlineAt, clock.now()) }),
      () => undefined, // collection ended first, or the server stops
    )
    await Promise.race([live.collected, deadline])
    signal.throwIfAborted()
  } finally {
    signal.removeEventListener('abort', stop)
    enough.abort()
  }
}

function withdraw({ document }: Task, round: Round, { population, clock }: Offering): void {
  const retryAfterMs = document.rounds.minIntervalMs
  for (const deviceId of round.cohort) {
    if (!['asked', 'dropped'].includes(statusOf(round, deviceId)!)) continue
    if (heldTo(round, deviceId, document, clock.now()) !== null) continue
    const { roundNumber } = originOf(round, deviceId)!
    population.send(deviceId, 'withdrawn', { roundNumber, code: 'round-closed', retryAfterMs })
  }
}
