/** At most this many steps, so that the labels of a narrow card do not touch. */
const maxSteps = 6

/**
 * Whole rounds to label an axis with: evenly spaced, and wide enough for all from `first` to `last`.
 * @returns at least two, rising; the first and the last are the axis's ends
 */
export function roundTicks(first: number, last: number): number[] {
  const start = Math.floor(first)
  const step = Math.max(1, Math.ceil((last - start) / maxSteps))
  const numSteps = Math.max(1, Math.ceil((last - start) / step))
  return Array.from({ length: numSteps + 1 }, (_, index) => start + index * step)
}
