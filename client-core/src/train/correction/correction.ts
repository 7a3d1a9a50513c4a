import type { Params } from '../../model/layout.ts'

/** What of a round a correction goes by. */
export interface CorrectedRound {
  /** What this device has kept from its last round that counted; undefined: nothing yet. [size] */
  readonly own: Params | undefined
  /** What the server sends along with the base: the same to all. [size] */
  readonly servers: Params
  readonly learningRate: number
}

/**
 * Keeps local steps from drifting to the device's own optimum: a vector that stays the same for the whole round is added to
 * every gradient, and the device keeps a vector of its own from round to round.
 */
export interface Correction {
  /** Whether the server must send a vector along. */
  readonly needsServers: boolean
  /** Of the pull back to the base, μ: that much · (w − base) is added to every gradient, too. */
  readonly proximalTerm: number
  /** [size] */
  offset(round: CorrectedRound): Params
  /** [size] What the device keeps if its update counts. */
  next(round: CorrectedRound, delta: Params, numSteps: number): Params
}

/** Values of two vectors of one length, put together one by one. */
export function combine(a: Params, b: Params, put: (a: number, b: number) => number): Params {
  const result = new Float32Array(a.length)
  for (let i = 0; i < a.length; i++) result[i] = put(a[i]!, b[i]!)
  return result
}

/** As long as `like`. */
export const zeros = (like: Params): Params => new Float32Array(like.length)
