/** What is known of a slice, or at most true of one. */
export interface Figures {
  readonly size: number
  readonly errorSum: number
  readonly maxError: number
}

/**
 * Slices with one number of predicates that may have refinements in the top k, as a level of the tree of predicates by
 * rising item: those of one parent stand side by side, by rising item. 40 bytes a slice.
 */
export interface SliceLevel {
  /** The last predicate of each. */
  readonly items: number[]
  readonly sizes: number[]
  readonly errorSums: number[]
  readonly maxErrors: number[]
  /** [slices + 1] where the children of each begin in the next level; complete when that level is. */
  readonly firstChildren: number[]
}

export const emptyLevel = (): SliceLevel => ({
  items: [],
  sizes: [],
  errorSums: [],
  maxErrors: [],
  firstChildren: [],
})

export function append(level: SliceLevel, item: number, { size, errorSum, maxError }: Figures): void {
  level.items.push(item)
  level.sizes.push(size)
  level.errorSums.push(errorSum)
  level.maxErrors.push(maxError)
}

/** From here on the next level has children of `slice`. To be said by rising slices; who is left out has none. */
export function beginChildren({ firstChildren }: SliceLevel, slice: number, next: SliceLevel): void {
  while (firstChildren.length <= slice) firstChildren.push(next.items.length)
}

/** Where in `levels[path.length + 1]` the children of a slice stand; undefined where the slice did not survive. */
export function childrenOf(
  levels: readonly SliceLevel[],
  path: readonly number[],
): readonly [number, number] | undefined {
  let slice = 0
  for (const [depth, item] of path.entries()) {
    const { firstChildren } = levels[depth]!
    const found = find(levels[depth + 1]!.items, item, [firstChildren[slice]!, firstChildren[slice + 1]!])
    if (found === undefined) return undefined
    slice = found
  }
  const { firstChildren } = levels[path.length]!
  return [firstChildren[slice]!, firstChildren[slice + 1]!]
}

function find(items: readonly number[], item: number, [from, to]: readonly [number, number]): number | undefined {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >> 1
    if (items[middle]! < item) low = middle + 1
    else high = middle
  }
  return low < to && items[low] === item ? low : undefined
}
