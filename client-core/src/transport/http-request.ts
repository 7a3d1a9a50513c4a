import { Value } from 'typebox/value'
import type { Clock } from '../device/clock.ts'
import { PanalError, type ErrorCode } from '../protocol/errors.ts'
import { ErrorBody } from '../protocol/messages.ts'
import { childController } from './abort.ts'
import type { Fetch, FetchInit, FetchResponse } from './fetch.ts'

/** A network failure becomes 'unreachable'; an abort by the caller stays the signal's reason. */
export function asUnreachable(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  return error instanceof PanalError ? error : new PanalError('unreachable', undefined, { cause: error })
}

export interface Attempt {
  readonly signal: AbortSignal
  /** Fails with 'unreachable', and cuts the request, when `work` takes longer than the stall time. */
  inTime<T>(work: Promise<T>): Promise<T>
}

/**
 * Runs one attempt at a request: it ends with the caller's signal, and whatever it left open is cut when it is over.
 * @throws PanalError 'unreachable' for a network failure or a stall, the signal's reason when aborted
 */
export async function attempting<T>(
  clock: Clock,
  stallMs: number,
  signal: AbortSignal,
  run: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const request = childController(signal)
  /** Since when the network has owed an answer; null while it owes none. */
  let waitingSince: number | null = null
  const watch = async (): Promise<never> => {
    for (;;) {
      const leftMs = waitingSince === null ? stallMs : waitingSince + stallMs - clock.now()
      if (leftMs <= 0) throw new PanalError('unreachable', `nothing arrived for ${stallMs} ms`)
      await clock.sleep(leftMs, request.signal)
    }
  }
  const stalled = watch() // one sleeper for the attempt: one for each chunk costs more than the chunk
  stalled.catch(() => undefined) // nobody may be waiting when the attempt ends
  const inTime = async <R>(work: Promise<R>): Promise<R> => {
    waitingSince = clock.now()
    try {
      return await Promise.race([work, stalled])
    } finally {
      waitingSince = null
    }
  }
  try {
    return await run({ signal: request.signal, inTime })
  } catch (error) {
    throw asUnreachable(error, signal)
  } finally {
    request.release()
    request.abort()
  }
}

/** Sends one request. @throws PanalError with the server's code when the answer is not a success */
export async function send(fetch: Fetch, url: string, init: FetchInit): Promise<FetchResponse> {
  const response = await fetch(url, init)
  if (response.status >= 200 && response.status < 300) return response
  throw await refusal(response)
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

export const jsonBody = async (response: FetchResponse): Promise<unknown> => parseJson(await response.text())

/** The server's refusal; of an answer that is not ours (a proxy's page), the code that its status comes nearest to. */
async function refusal(response: FetchResponse): Promise<PanalError> {
  const body = await jsonBody(response)
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const headerMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
  if (!Value.Check(ErrorBody, body)) {
    const detail = `the answer has status ${response.status} and no error body`
    return new PanalError(
      codeOfStatus(response.status),
      detail,
      headerMs === undefined ? {} : { retryAfterMs: headerMs },
    )
  }
  const { code, detail, retryAfterMs = headerMs, ...extra } = body as ErrorBody
  return new PanalError(code, detail, { extra, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
}

function codeOfStatus(status: number): ErrorCode {
  switch (status) {
    case 401:
      return 'unauthorized'
    case 403:
      return 'forbidden'
    case 404:
      return 'not-found'
    case 408:
      return 'too-slow'
    case 413:
      return 'too-large'
    case 416:
      return 'bad-offset'
    case 429:
      return 'rate-limited'
    case 503:
      return 'busy'
    case 507:
      return 'disk-full'
    default:
      return status >= 500 ? 'internal' : 'bad-request'
  }
}
