import { makeRng } from '@panal/client-core'
import type { Task } from '../registry/task.ts'
import { carriedOver, nobody } from './carried.ts'
import type { RoundPorts } from './ports.ts'
import { advance, openRound, type Round } from './state.ts'

/** Devices to ask in one round: the cohort and its over-selection, so that a few silent ones delay nobody. */
export const wantedDevices = ({ size, overSelection }: { size: number; overSelection: number }): number =>
  Math.ceil(size * overSelection)

/**
 * Fixes what the next round is about: who goes on from the last one, and who is drawn from the devices available now, so
 * that as many as the task wants are at work [R2] [R25].
 */
export function select(
  task: Task,
  ports: Pick<RoundPorts, 'registry' | 'log' | 'population' | 'clock' | 'standing'>,
): Round {
  const { cohort, seed } = task.document
  const number = ports.registry.lastRoundNumber(task.id) + 1
  const openedAt = ports.clock.now()
  const last = (cohort.maxStaleness ?? 0) > 0 ? ports.registry.round(task.id, number - 1) : undefined
  const goesOn = last === undefined ? nobody : carriedOver(last, openedAt, task.document, ports.standing)
  const { carried, dropped, numWorking } = goesOn
  const busy = new Set(carried.flatMap(({ deviceIds }) => deviceIds))
  const lastRounds = ports.log.lastRounds(task.id)
  const available = ports.population
    .available()
    .filter((deviceId) => !busy.has(deviceId))
    .map((deviceId) => ({ deviceId, lastRound: lastRounds.get(deviceId) ?? 0 }))
  const rng = makeRng(seed).fork(`select/${number}`)
  const numToAsk = Math.max(0, wantedDevices(cohort) - numWorking)
  const chosen = task.strategy.sampler.sample(available, numToAsk, rng)
  const baseVersion = ports.registry.pointers(task.id).head
  const opened = openRound({
    taskId: task.id,
    number,
    baseVersion,
    baseSha256: ports.registry.version(task.id, baseVersion).weightsSha256,
    planHash: task.planHash,
    reportingGoal: Math.min(cohort.reportingGoal, numWorking + chosen.length),
    minimum: cohort.minimum,
    openedAt,
    deadlineAt: openedAt + cohort.deadlineMs,
    cohort: [...busy, ...chosen].sort(),
    ...(carried.length > 0 && { carried }),
  })
  return dropped.reduce<Round>((round, deviceId) => advance(round, { type: 'dropped', deviceId, at: openedAt }), opened)
}
