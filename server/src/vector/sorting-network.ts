/** Compare-exchanges in the order they run: after pair (i, j), i < j, the lower of the two values is at i. */
export type Network = readonly (readonly [low: number, high: number])[]

/**
 * A network that puts the values of ranks `first` to `last` − 1 in their sorted places, for any `count`. Without a branch
 * that depends on the data, it runs on SIMD lanes and GPU threads alike. About count · (log₂ count)² / 4 pairs.
 * Source: Batcher's merge exchange, Knuth, The Art of Computer Programming 3, 5.2.2, Algorithm M.
 */
export function selectionNetwork(count: number, first = 0, last = count): Network {
  return prune(mergeExchange(count), first, last)
}

function mergeExchange(count: number): Network {
  const pairs: [number, number][] = []
  const top = 2 ** Math.max(0, Math.ceil(Math.log2(count)) - 1)
  for (let p = count < 2 ? 0 : top; p > 0; p = Math.floor(p / 2)) {
    let [q, r, d] = [top, 0, p]
    for (;;) {
      for (let i = 0; i < count - d; i++) if ((i & p) === r) pairs.push([i, i + d])
      if (q === p) break
      ;[d, q, r] = [q - p, q / 2, p]
    }
  }
  return pairs
}

/** Without the pairs that no wanted place depends on. */
function prune(pairs: Network, first: number, last: number): Network {
  const wanted = new Set<number>()
  for (let rank = first; rank < last; rank++) wanted.add(rank)
  const kept: (readonly [number, number])[] = []
  for (const pair of pairs.toReversed()) {
    if (!wanted.has(pair[0]) && !wanted.has(pair[1])) continue
    wanted.add(pair[0]).add(pair[1])
    kept.push(pair)
  }
  return kept.reverse()
}
