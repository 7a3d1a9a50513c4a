import type { Clock } from '../device/clock.ts'
import type { Rng } from '../model/rng.ts'
import { PanalError, type ErrorCode } from '../protocol/errors.ts'

/** Codes that say nothing about the request: the same request may succeed later. [P20] */
const transient: ReadonlySet<ErrorCode> = new Set([
  'unreachable',
  'too-slow',
  'internal',
  'rate-limited',
  'draining',
  'busy',
  'disk-full',
])

export const isTransient = (error: unknown): error is PanalError =>
  error instanceof PanalError && transient.has(error.code)

/** How soon to try again. How often is not asked: until it succeeds, or the caller's signal says that it is of no more use. */
export interface RetryPolicy {
  readonly minDelayMs: number
  readonly maxDelayMs: number
}

export const defaultRetryPolicy: RetryPolicy = { minDelayMs: 500, maxDelayMs: 30_000 }

/** Longest wait that a server may ask for: a number gone wrong must not keep a device away for ever. */
const maxRetryAfterMs = 86_400_000

/**
 * How long to wait before attempt `failures` + 1: doubling from the minimum, ±50 %; never less than the server asked
 * for (a day at most), and up to 20 % more, so that a fleet told one time does not come back as one.
 */
export function retryDelayMs(failures: number, policy: RetryPolicy, rng: Rng, retryAfterMs = 0): number {
  const backoff = Math.min(policy.maxDelayMs, policy.minDelayMs * 2 ** (failures - 1)) * (0.5 + rng.uniform())
  return Math.round(Math.max(backoff, Math.min(maxRetryAfterMs, retryAfterMs) * (1 + 0.2 * rng.uniform())))
}

export interface RetryOptions {
  readonly clock: Clock
  readonly rng: Rng
  /** Ends the trying: what is retried must have a time after which it is worth nothing. */
  readonly signal: AbortSignal
  readonly policy?: RetryPolicy
  /** Which errors are worth another attempt. Default `isTransient`. */
  readonly retryable?: (error: unknown) => boolean
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the signal aborts. It is told how often it was called before, and
 * may call `progressed` to have the pauses start anew from the shortest, so that a long transfer is not slowed down by cuts.
 * @throws what `attempt` threw and is not worth another one, or the signal's reason
 */
export async function retrying<T>(
  attempt: (earlier: number, progressed: () => void) => Promise<T>,
  { clock, rng, signal, policy = defaultRetryPolicy, retryable = isTransient }: RetryOptions,
): Promise<T> {
  let failures = 0
  for (let earlier = 0; ; earlier++) {
    signal.throwIfAborted()
    try {
      return await attempt(earlier, () => (failures = 0))
    } catch (error) {
      signal.throwIfAborted()
      failures++
      if (!retryable(error)) throw error
      const retryAfterMs = error instanceof PanalError ? error.retryAfterMs : undefined
      await clock.sleep(retryDelayMs(failures, policy, rng, retryAfterMs), signal)
    }
  }
}
