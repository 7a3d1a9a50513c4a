/**
 * Rejects as `Promise.all` does, but only when all have ended: whoever waits may then take away what they work on.
 * @throws what the first of them in order throws
 */
export async function everyDone(works: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(works)
  await Promise.all(works)
}
