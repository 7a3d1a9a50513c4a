import type { Promoted, RoundSummary } from '@panal/client-core'
import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { refreshTask, roundsQuery, taskQuery, tasksQuery } from './queries.ts'
import type { TaskView } from './types.ts'

/** Rounds newest first, with what is now known of one of them, which may be new. */
export const putRound = (rounds: readonly RoundSummary[], round: RoundSummary): RoundSummary[] =>
  rounds.some(({ number }) => number === round.number)
    ? rounds.map((each) => (each.number === round.number ? round : each))
    : [round, ...rounds]

/** Puts a pushed round into the pages' cache, newest known state first. */
function applyRound(client: QueryClient, round: RoundSummary): void {
  const withRound = (view: TaskView): TaskView => ({ ...view, round })
  client.setQueryData(taskQuery(round.taskId).queryKey, (view) => view && withRound(view))
  client.setQueryData(tasksQuery.queryKey, (views) =>
    views?.map((view) => (view.card.id === round.taskId ? withRound(view) : view)),
  )
  client.setQueryData(roundsQuery(round.taskId).queryKey, (rounds) => rounds && putRound(rounds, round))
  if (round.phase === 'closed') refreshTask(client, round.taskId)
}

/**
 * Watches one task: pushed rounds go into the cache, and `onPromoted` hears of each new champion. Pushes can be lost,
 * so every (re)connection asks for the whole state again.
 * @returns whether the connection is up now
 */
export function useWatchTask(taskId: string, onPromoted?: (promoted: Promoted) => void): boolean {
  const client = useQueryClient()
  const [isUp, setUp] = useState(false)
  const promoted = useRef(onPromoted)
  useEffect(() => {
    promoted.current = onPromoted
  })
  useEffect(() => {
    const life = new AbortController()
    void watch(life.signal).catch(() => setUp(false))
    async function watch(signal: AbortSignal): Promise<void> {
      const { openChannel } = await import('./live-channel.ts')
      if (signal.aborted) return
      const channel = openChannel(signal)
      channel.on('round', (round) => {
        if (round.taskId === taskId) applyRound(client, round)
      })
      channel.on('promoted', (message) => {
        if (message.taskId !== taskId) return
        refreshTask(client, taskId)
        promoted.current?.(message)
      })
      channel.onLink((state) => {
        setUp(state === 'up')
        if (state === 'down') return
        channel.request('watch', { taskId }, signal).then(
          () => refreshTask(client, taskId),
          () => setUp(false),
        )
      })
    }
    return () => life.abort()
  }, [client, taskId])
  return isUp
}
