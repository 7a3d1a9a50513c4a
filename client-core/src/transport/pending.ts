import type { Clock } from '../device/clock.ts'
import { PanalError } from '../protocol/errors.ts'
import { childController } from './abort.ts'

/** How long a device waits for the answer to one control message. */
export const defaultAckTimeoutMs = 10_000

export interface Pending {
  /**
   * Sends a question and waits for its answer. Rejects with the signal's reason when aborted, and with 'unreachable'
   * after the timeout or `failAll`; an answer that comes after that is dropped.
   */
  ask<T>(send: (answer: (reply: T) => void) => void, signal?: AbortSignal): Promise<T>
  /** The connection is gone: whoever still waits gets 'unreachable'. */
  failAll(detail: string): void
}

/** The questions of one channel that have no answer yet. Without a clock none of them times out. */
export function pendingAnswers(clock: Clock | undefined, timeoutMs = defaultAckTimeoutMs): Pending {
  const waiting = new Set<(error: PanalError) => void>()
  return {
    ask: <T>(send: (answer: (reply: T) => void) => void, signal?: AbortSignal) =>
      new Promise<T>((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason)
        const timer = childController(signal)
        const settled = () => {
          waiting.delete(fail)
          timer.release()
          timer.abort()
        }
        const fail = (error: unknown) => {
          settled()
          reject(error)
        }
        waiting.add(fail)
        timer.signal.addEventListener('abort', () => waiting.has(fail) && fail(signal?.reason), { once: true })
        clock?.sleep(timeoutMs, timer.signal).then(
          () => fail(new PanalError('unreachable', `the server gave no answer in ${timeoutMs} ms`)),
          () => undefined,
        )
        send((reply) => {
          if (!waiting.has(fail)) return
          settled()
          resolve(reply)
        })
      }),
    failAll(detail) {
      for (const fail of [...waiting]) fail(new PanalError('unreachable', detail))
    },
  }
}
