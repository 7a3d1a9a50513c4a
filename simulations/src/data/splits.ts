import { shuffle, type Rng } from '@panal/client-core'

/**
 * Deals examples to named sets so that no content is in two of them: of examples with equal `keys`, only the first is used.
 * Each set gets its share (fractions that sum to 1) of the distinct contents, to the nearest whole example.
 * @returns indices into `keys`, one list per set, disjoint
 * @throws RangeError unless the shares are positive and sum to 1
 */
export function splitByContent<Name extends string>(
  keys: readonly string[],
  shares: Readonly<Record<Name, number>>,
  rng: Rng,
): Record<Name, number[]> {
  const entries = Object.entries(shares) as [Name, number][]
  const total = entries.reduce((sum, [, share]) => sum + share, 0)
  if (entries.some(([, share]) => !(share > 0)) || Math.abs(total - 1) > 1e-9)
    throw new RangeError(`splits: shares ${entries.map(([, share]) => share).join(', ')} must be positive and sum to 1`)
  const firsts = new Map<string, number>()
  keys.forEach((key, index) => {
    if (!firsts.has(key)) firsts.set(key, index)
  })
  const order = shuffle([...firsts.values()], rng)
  let cumulative = 0
  let from = 0
  const sets = entries.map(([name, share]): [Name, number[]] => {
    cumulative += share
    const to = Math.round(cumulative * order.length)
    const set = order.slice(from, to)
    from = to
    return [name, set]
  })
  return Object.fromEntries(sets) as Record<Name, number[]>
}
