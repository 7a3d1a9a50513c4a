import { systemClock } from '@panal/client-core'

const clock = systemClock({ setTimeout, clearTimeout })

/**
 * Begins the work on each item at its own time on a fixed schedule: whoever falls behind is not given time to recover.
 * `work` is told when it was due (on the clock of `performance.now`), so that waiting before it began counts as waiting.
 */
export async function onSchedule<Item, Result>(
  items: readonly Item[],
  perSecond: number,
  work: (item: Item, dueAt: number) => Promise<Result>,
): Promise<Result[]> {
  const startedAt = performance.now()
  return await Promise.all(
    items.map(async (item, index) => {
      const dueAt = startedAt + (index * 1000) / perSecond
      await clock.sleep(Math.max(0, dueAt - performance.now()))
      return await work(item, dueAt)
    }),
  )
}
