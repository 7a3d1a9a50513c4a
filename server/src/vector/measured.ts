import type { Clock } from '@panal/client-core'
import type { Rows, VectorEngine } from './engine.ts'

/** What operations came to. */
export interface EngineWork {
  /** In operations, reading included. */
  ms: number
  /** Of rows, once for each pass over them. */
  bytes: number
}

/** The same engine, and what its operations come to from now on. Operations that run at once count each their own time. */
export function measured(
  engine: VectorEngine,
  clock: Pick<Clock, 'now'>,
): { readonly engine: VectorEngine; readonly work: Readonly<EngineWork> } {
  const work: EngineWork = { ms: 0, bytes: 0 }
  /** Each operation reads its rows once, whoever reads them. */
  const timed = async <T>({ count, size }: Rows, operation: Promise<T>): Promise<T> => {
    const startedAt = clock.now()
    const result = await operation
    work.ms += Math.max(0, clock.now() - startedAt)
    work.bytes += 4 * count * size
    return result
  }
  return {
    work,
    engine: {
      ...engine,
      weightedSum: (rows, weights, divisor) => timed(rows, engine.weightedSum(rows, weights, divisor)),
      squaredDistances: (rows, mix) => timed(rows, engine.squaredDistances(rows, mix)),
      select: (rows, by, mix) => timed(rows, engine.select(rows, by, mix)),
    },
  }
}
