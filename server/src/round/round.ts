import { AggregationError } from '../strategy/strategy.ts'
import type { Task } from '../registry/task.ts'
import { makeCandidate } from './candidate.ts'
import { likenessesIn } from './likeness.ts'
import type { RoundPorts } from './ports.ts'
import { select } from './select.ts'
import type { Round } from './state.ts'

/**
 * One federated round, from selection to promotion. Given the round that a stop or a crash left open, it enters at that
 * round's phase. Every step leaves the round durable before the next begins.
 * @returns the closed round
 * @throws the signal's reason when the server stops: the round then stays as it is on disk
 */
export async function runRound(task: Task, open: Round | null, ports: RoundPorts, signal: AbortSignal): Promise<Round> {
  const { registry, gate, clock } = ports

  // 1 select: who is asked, from which base, until when
  const live = ports.enter(open ?? select(task, ports))

  // 2 collect: until the reporting goal, the deadline, or nobody is left to wait for
  if (live.round.phase === 'collecting') await ports.collect(live, signal)

  if (live.round.phase === 'aggregating') {
    const round = live.round
    try {
      // 3 aggregate the clients' deltas in canonical order, 4 apply their mean to the base
      const candidate = await makeCandidate(task, round, ports, signal)
      live.tally.aggregation = candidate.aggregation ?? null
      const likenesses = await likenessesIn(ports.updates(round), candidate.meanDelta)
      live.replace(await registry.propose(round, { ...candidate, likenesses }, live.summary))
    } catch (error) {
      if (!(error instanceof AggregationError)) throw error
      live.dispatch({ type: 'abandoned', reason: error.message, at: clock.now() })
    }
  }

  if (live.round.phase === 'gating') {
    // 5 gate: judge the candidate by the task's checks, against champion and anchor
    const report = await gate.judge(ports.subject(live.round), signal, (check, numDone, numChecks) => {
      live.judging = { check, numDone, numChecks }
    })
    live.tally.metrics = report.evaluation

    // 6 promote: move head if it is sound, champion if the gate says so, calibrated as the gate has found
    live.replace(await registry.conclude(live.round, report, task))
  }
  return live.round
}
