import type { Clock } from '../device/clock.ts'
import type { Rng } from '../model/rng.ts'
import { PanalError } from '../protocol/errors.ts'
import type { Fetch, FetchResponse } from './fetch.ts'
import { attempting, send, type Attempt } from './http-request.ts'
import { retrying, type RetryPolicy } from './retry.ts'
import type { TransferProgress } from './transfer.ts'

export interface DownloadSource {
  readonly url: string
  readonly numBytes: number
  readonly fetch: Fetch
  readonly clock: Clock
  readonly rng: Rng
  readonly policy?: RetryPolicy
  readonly stallMs: number
  readonly signal: AbortSignal
}

/**
 * `numBytes` bytes from a URL, taken up where it was cut. Does not judge what the bytes are.
 * @throws PanalError 'length-mismatch' when there are more or fewer, the signal's reason when aborted
 */
export async function downloadBytes(source: DownloadSource, onProgress?: TransferProgress): Promise<Uint8Array> {
  const bytes = new Uint8Array(source.numBytes)
  let have = 0
  let furthest = 0
  await retrying(async (_, progressed) => {
    await attempting(source.clock, source.stallMs, source.signal, async (attempt) => {
      const response = await attempt.inTime(get(source, have, attempt.signal))
      have = firstByte(response, have)
      for await (const chunk of chunks(response, attempt)) {
        if (have + chunk.length > source.numBytes) throw wrongLength(source)
        bytes.set(chunk, have)
        have += chunk.length
        // Beyond what came before: a server that always starts at zero and always cuts is asked ever more seldom.
        if (have > furthest) {
          furthest = have
          progressed()
        }
        onProgress?.(have / source.numBytes, have)
      }
      if (have < source.numBytes) throw new PanalError('unreachable', 'the download was cut')
    })
  }, source)
  return bytes
}

async function get(source: DownloadSource, have: number, signal: AbortSignal): Promise<FetchResponse> {
  const headers: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {}
  try {
    return await send(source.fetch, source.url, { method: 'GET', headers, signal })
  } catch (error) {
    // 416: the blob ends where we want to go on, so it is shorter than we were told.
    if (error instanceof PanalError && error.code === 'bad-offset') throw wrongLength(source)
    throw error
  }
}

/** Where the response's bytes begin: a server or cache may ignore Range (200) or answer another one. */
function firstByte(response: FetchResponse, asked: number): number {
  if (response.status !== 206) return 0
  const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')
  const start = range === null ? Number.NaN : Number(range[1])
  return start <= asked ? start : 0
}

/** The body as it arrives, or in one piece where the platform cannot stream. */
async function* chunks(response: FetchResponse, attempt: Attempt): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader?.()
  if (reader === undefined) {
    yield new Uint8Array(await attempt.inTime(response.arrayBuffer()))
    return
  }
  for (;;) {
    const { done, value } = await attempt.inTime(reader.read())
    if (value !== undefined) yield value
    if (done) return
  }
}

const wrongLength = ({ url, numBytes }: DownloadSource) =>
  new PanalError('length-mismatch', `${url} does not have the ${numBytes} bytes it should`)
