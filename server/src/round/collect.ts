import type { Assignment, Clock, DeviceId, ModelManifest } from '@panal/client-core'
import { failpoint } from '../failpoint.ts'
import type { Task } from '../registry/task.ts'
import type { LiveRound } from './live-round.ts'
import type { Population } from './population.ts'
import { statusOf } from './state.ts'

/** What it takes to offer a round. */
export interface Offering {
  readonly population: Population
  readonly clock: Clock
  /** What the round's devices train from, signed. */
  readonly manifest: (live: LiveRound) => ModelManifest
}

/** What all chance of one device's work in one round comes from: the same for a live device and a simulated one. */
export const deviceSeed = ({ id, document }: Task, roundNumber: number, deviceId: DeviceId): string =>
  `${document.seed}/${id}/${roundNumber}/${deviceId}`

/** The offer of a round to one device of its cohort; null when the round no longer waits for it. */
export function assignmentFor(
  task: Task,
  live: LiveRound,
  deviceId: DeviceId,
  { clock, manifest }: Pick<Offering, 'clock' | 'manifest'>,
): Assignment | null {
  const { round } = live
  if (round.phase !== 'collecting' || statusOf(round, deviceId) !== 'asked') return null
  return {
    taskId: task.id,
    roundNumber: round.number,
    manifest: manifest(live),
    seed: deviceSeed(task, round.number, deviceId),
    deadlineInMs: Math.max(0, round.deadlineAt - clock.now()),
  }
}

/**
 * Offers the round to its cohort, then waits for the reporting goal, the deadline, or the loss of everybody [R3]–[R6].
 * Whoever has not reported by then is told to stop.
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
    const assignment = assignmentFor(task, live, deviceId, offering)
    if (assignment === null) continue // a round taken up after a restart: this one has reported
    population.expect(deviceId)
    failpoint('before-assign')
    population.send(deviceId, 'assignment', assignment)
  }
  await deadlineOrSettled(live, { deadlineAt, clock }, signal)
  withdraw(live, population, task.document.rounds.minIntervalMs)
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

function withdraw(live: LiveRound, population: Population, retryAfterMs: number): void {
  const { round } = live
  for (const deviceId of round.cohort)
    if (['asked', 'dropped'].includes(statusOf(round, deviceId)!))
      population.send(deviceId, 'withdrawn', { roundNumber: round.number, code: 'round-closed', retryAfterMs })
}
