import { byRank, type Slice } from './slice-rank.ts'

/** The best slices so far, and how slices are scored. */
export interface Ranking {
  readonly numRows: number
  readonly meanError: number
  readonly alpha: number
  readonly minSize: number
  readonly k: number
  /** Best first, at most k. */
  top: Slice[]
}

/** α(ē_S/ē − 1) − (1 − α)(n/|S| − 1) */
export const scoreOf = ({ alpha, meanError, numRows }: Ranking, size: number, errorSum: number): number =>
  alpha * (errorSum / size / meanError - 1) - (1 - alpha) * (numRows / size - 1)

/**
 * Could a slice with at most so many rows, so much error and so much error a row enter the top k? The best such slice has
 * one of three sizes.
 */
export function isPromising(ranking: Ranking, size: number, errorSum: number, maxError: number): boolean {
  const { minSize } = ranking
  if (size < minSize) return false
  const steepest = Math.min(size, Math.max(errorSum / maxError, minSize))
  const best = Math.max(
    scoreOf(ranking, steepest, Math.min(steepest * maxError, errorSum)),
    scoreOf(ranking, minSize, Math.min(minSize * maxError, errorSum)),
    scoreOf(ranking, size, Math.min(size * maxError, errorSum)),
  )
  return best > 0 && best >= worstOf(ranking)
}

/** Under which score, less what rounding may change, nothing can enter any more. */
function worstOf({ top, k }: Ranking): number {
  const last = top[k - 1]
  return last === undefined ? -Infinity : last.score - 1e-12 * Math.abs(last.score)
}

/** Takes in a slice with this score, if it is among the best. */
export function insert(ranking: Ranking, score: number, make: () => Slice): void {
  if (score >= worstOf(ranking)) ranking.top = [...ranking.top, make()].sort(byRank).slice(0, ranking.k)
}
