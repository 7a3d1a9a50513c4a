import type { Clock, RoundSummary } from '@panal/client-core'

/**
 * Lets a task's summaries through at most once per interval: the first at once, then the newest of each round when
 * the interval, measured anew each time, is over. The last state of every round arrives.
 */
export function throttleSummaries(
  emit: (summary: RoundSummary) => void,
  options: { readonly clock: Clock; readonly intervalMs: (taskId: string) => number; readonly signal: AbortSignal },
): (summary: RoundSummary) => void {
  const { clock, intervalMs, signal } = options
  const waiting = new Map<string, Map<number, RoundSummary>>()

  const pause = async (taskId: string): Promise<void> => {
    const held = new Map<number, RoundSummary>()
    waiting.set(taskId, held)
    try {
      do {
        for (const summary of held.values()) emit(summary)
        held.clear()
        await clock.sleep(intervalMs(taskId), signal)
      } while (held.size > 0)
    } catch {
      // The server is closing: nobody is left to be told.
    } finally {
      waiting.delete(taskId)
    }
  }
  return (summary) => {
    const held = waiting.get(summary.taskId)
    if (held !== undefined) return void held.set(summary.number, summary)
    emit(summary)
    void pause(summary.taskId)
  }
}
