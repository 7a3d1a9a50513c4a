import { makeRng } from '@panal/client-core'
import type { Task } from '../registry/task.ts'
import type { RoundPorts } from './ports.ts'
import { openRound, type CollectingRound } from './state.ts'

/** Devices to ask in one round: the cohort and its over-selection, so that a few silent ones delay nobody. */
export const wantedDevices = ({ size, overSelection }: { size: number; overSelection: number }): number =>
  Math.ceil(size * overSelection)

/** Draws the cohort of the next round from the devices available now, and fixes what the round is about [R2]. */
export function select(
  task: Task,
  ports: Pick<RoundPorts, 'registry' | 'log' | 'population' | 'clock'>,
): CollectingRound {
  const { cohort, seed } = task.document
  const number = ports.registry.lastRoundNumber(task.id) + 1
  const lastRounds = ports.log.lastRounds(task.id)
  const available = ports.population
    .available()
    .map((deviceId) => ({ deviceId, lastRound: lastRounds.get(deviceId) ?? 0 }))
  const rng = makeRng(seed).fork(`select/${number}`)
  const chosen = task.strategy.sampler.sample(available, wantedDevices(cohort), rng).sort()
  const baseVersion = ports.registry.pointers(task.id).head
  const openedAt = ports.clock.now()
  return openRound({
    taskId: task.id,
    number,
    baseVersion,
    baseSha256: ports.registry.version(task.id, baseVersion).weightsSha256,
    planHash: task.planHash,
    reportingGoal: Math.min(cohort.reportingGoal, chosen.length),
    minimum: cohort.minimum,
    openedAt,
    deadlineAt: openedAt + cohort.deadlineMs,
    cohort: chosen,
  })
}
