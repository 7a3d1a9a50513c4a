import type { DeviceId, Params } from '@panal/client-core'
import type { UpdateProducts, UpdateSource } from '../strategy/strategy.ts'
import { type Products, productsOf } from '../vector/products.ts'
import type { RoundUpdates } from './ports.ts'

/** How one update lies to what its round came to. */
export interface Likeness {
  readonly deviceId: DeviceId
  /** Of the angle between the two, −1 to 1; null where one of them is all zeros. */
  readonly cosine: number | null
  /** L2, between the two. */
  readonly distance: number
  /** 1 is the nearest; of equal ones the first by device id. */
  readonly distanceRank: number
}

/**
 * How each update of a round lies to what they came to, for whoever looks at it later. Nothing is known of each of a sum.
 * @throws AggregationError 'damaged-update' as they are hashed once more: an engine may have read them where they lie, after
 * they were hashed first [R20]
 */
export const likenessesIn = async (updates: RoundUpdates, meanDelta: Params): Promise<Likeness[]> =>
  'reach' in updates ? [] : likenessesOf(updates, meanDelta)

/**
 * Compares each update with the mean delta, in float64. One more pass over the updates, each hashed once more; memory does
 * not grow with their number.
 */
export async function likenessesOf(updates: UpdateSource, meanDelta: Params): Promise<Likeness[]> {
  const meanNorm = await normOf(meanDelta)
  const found = (await productsWith(updates, meanDelta)).map(({ deviceId, ...products }) => {
    const { cosine, distance } = comparedBy(products, meanNorm)
    return { deviceId, cosine, distance }
  })
  const nearestFirst = found.map((_, i) => i).sort((a, b) => found[a]!.distance - found[b]!.distance || a - b)
  const ranks = new Map(nearestFirst.map((index, rank) => [index, rank + 1]))
  return found.map((each, i) => ({ ...each, distanceRank: ranks.get(i)! }))
}

/** How one vector lies to another. */
export interface Compared {
  readonly norm: number
  readonly otherNorm: number
  /** ‖x − y‖ */
  readonly distance: number
  /** Null where one of them is all zeros. */
  readonly cosine: number | null
}

/** In float64. Others have their turn in between. */
export const compareVectors = async (x: Params, y: Params): Promise<Compared> =>
  comparedBy(await productsOf(x, y), await normOf(y))

async function productsWith(updates: UpdateSource, other: Params): Promise<readonly UpdateProducts[]> {
  if (updates.productsWith !== undefined) return updates.productsWith(other)
  const found: UpdateProducts[] = []
  for await (const { deviceId, delta } of updates) found.push({ deviceId, ...(await productsOf(delta, other)) })
  return found
}

function comparedBy({ dot, squaredNorm, squaredDistance }: Products, otherNorm: number): Compared {
  const norm = Math.sqrt(squaredNorm)
  const norms = norm * otherNorm
  const cosine = norms > 0 ? Math.min(1, Math.max(-1, dot / norms)) : null
  return { norm, otherNorm, distance: Math.sqrt(squaredDistance), cosine }
}

const normOf = async (x: Params): Promise<number> => Math.sqrt((await productsOf(x, x)).dot)
