import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import type { Clock } from '../device/clock.ts'
import type { Rng } from '../model/rng.ts'
import { Enrolment, EnrolmentChallenge } from '../protocol/enrolment.ts'
import { PanalError } from '../protocol/errors.ts'
import { deviceIdOf } from '../protocol/keys.ts'
import { Receipt } from '../protocol/manifest.ts'
import type { UpdateHeader } from '../protocol/messages.ts'
import type { ProofSigner } from '../protocol/proof.ts'
import { ServerKeySet } from '../protocol/statement.ts'
import { doWork } from '../protocol/work.ts'
import { breathing } from '../train/breath.ts'
import { downloadBytes } from './download.ts'
import type { Fetch } from './fetch.ts'
import { attempting, jsonBody, send } from './http-request.ts'
import { prover, type ProofHeaders } from './proven.ts'
import { isTransient, retrying, type RetryPolicy } from './retry.ts'
import type { Transfer, TransferProgress, UploadRequest } from './transfer.ts'

export interface HttpTransferOptions {
  /** Scheme, host and port. */
  readonly baseUrl: string
  readonly fetch: Fetch
  /** Who this device is. */
  readonly keys: ProofSigner
  /** Lower-case hex. */
  readonly sha256: (bytes: Uint8Array) => Promise<string>
  readonly clock: Clock
  readonly rng: Rng
  readonly retry?: RetryPolicy
  /** A download of which nothing arrives for so long is cut and resumed. Default 30 s. */
  readonly stallMs?: number
}

/** Bulk transfer over any `fetch`: [P14]–[P20] of protocol/SPEC.md. */
export function httpTransfer(options: HttpTransferOptions): Transfer {
  const { keys, sha256, clock, rng } = options
  const { fetch, proven, useNonce } = prover(options)
  const baseUrl = options.baseUrl.replace(/\/+$/, '')
  const stallMs = options.stallMs ?? 30_000
  const retry = { clock, rng, ...(options.retry === undefined ? {} : { policy: options.retry }) }

  return {
    useNonce,

    async enrol({ taskId, invitation }, signal) {
      const url = `${baseUrl}/v1/devices`
      const once = async () => {
        const { proofNonce, work } = await getJson('/v1/devices/challenge', EnrolmentChallenge, signal)
        useNonce(proofNonce)
        const entry = invitation === undefined ? { work: await worked(work, signal) } : { invitation }
        const body = new TextEncoder().encode(JSON.stringify({ taskId, ...entry })) as Uint8Array<ArrayBuffer>
        return proven('POST', url, (proof) =>
          attempting(clock, stallMs, signal, async (attempt) => {
            const headers = { ...proof, 'content-type': 'application/json' }
            const answer = send(fetch, url, { method: 'POST', headers, body, signal: attempt.signal })
            return parse(Enrolment, await attempt.inTime(answer.then(jsonBody)))
          }),
        )
      }
      return retrying(once, { ...retry, signal })
    },

    serverKeys: (signal) => retrying(() => getJson('/v1/keys', ServerKeySet, signal), { ...retry, signal }),

    async download(digest, numBytes, signal, onProgress) {
      const source = { url: `${baseUrl}/v1/blobs/${digest}`, numBytes, fetch, stallMs, ...retry, signal }
      for (let pass = 1; ; pass++) {
        const bytes = await downloadBytes(source, onProgress)
        if ((await sha256(bytes)) === digest) return bytes
        // Once from zero: a cache or a resume may have spoilt it. Twice wrong is the server's own copy.
        if (pass === 2) throw new PanalError('digest-mismatch', `the bytes of blob ${digest} are others`)
      }
    },

    async upload(update, signal, onProgress) {
      const url = `${baseUrl}/v1/tasks/${update.taskId}/rounds/${update.roundNumber}/updates/${update.sha256}`
      let furthest = 0
      const once = async (earlier: number, progressed: () => void): Promise<Receipt> => {
        const offset = earlier === 0 ? 0 : await heldBytes(update, url, signal)
        if (offset > furthest) progressed()
        furthest = Math.max(furthest, offset)
        return put(update, url, { offset, signal }, onProgress)
      }
      // A broken transfer may be repeated: from where the server stopped, and once if the bytes arrived damaged. [P16]
      let damaged = 0
      const retryable = (error: unknown): boolean => {
        if (isTransient(error)) return true
        if (!(error instanceof PanalError)) return false
        return error.code === 'bad-offset' || (error.code === 'digest-mismatch' && ++damaged === 1)
      }
      return retrying(once, { ...retry, signal, retryable })
    },
  }

  function getJson<S extends TSchema>(path: string, schema: S, signal: AbortSignal): Promise<Static<S>> {
    return attempting(clock, stallMs, signal, async (attempt) => {
      const init = { method: 'GET', headers: {}, signal: attempt.signal }
      return parse(schema, await attempt.inTime(send(fetch, baseUrl + path, init).then(jsonBody)))
    })
  }

  async function worked(work: EnrolmentChallenge['work'], signal: AbortSignal) {
    const breath = breathing(clock, signal)
    return doWork(work, deviceIdOf(await keys.publicKey()), async () => {
      signal.throwIfAborted()
      if (breath.due()) await breath.take()
    })
  }

  /** How much of an upload the server holds. A refusal has no body here: 0, and the upload itself will be told why. */
  async function heldBytes(update: UploadRequest, url: string, signal: AbortSignal): Promise<number> {
    const ask = (headers: ProofHeaders) =>
      attempting(clock, stallMs, signal, async (attempt) => {
        const init = { method: 'HEAD', headers, signal: attempt.signal }
        const response = await attempt.inTime(fetch(url, init))
        if (response.status === 401) throw new PanalError('stale-proof') // if it was that: there is no body to say
        return response
      })
    const response = await proven('HEAD', url, ask).catch((error: unknown) => {
      if (error instanceof PanalError && error.code === 'stale-proof') return undefined
      throw error
    })
    if (response === undefined) return 0
    if (response.status === 429 || response.status >= 500) throw new PanalError('unreachable')
    const offset = Number(response.headers.get('upload-offset') ?? 0)
    // All of it: it may be accepted already. Sending it again gets the same receipt. [P17]
    const resumable = response.status === 200 && Number.isInteger(offset) && offset < update.bytes.length
    return resumable && offset > 0 ? offset : 0
  }

  async function put(
    update: UploadRequest,
    url: string,
    { offset, signal }: { offset: number; signal: AbortSignal },
    onProgress?: TransferProgress,
  ): Promise<Receipt> {
    const total = update.bytes.length
    const header: UpdateHeader = { ...update.header, bytes: total }
    onProgress?.(offset / total, offset)
    const receipt = await proven('PUT', url, (proof) =>
      attempting(clock, stallMs, signal, async (attempt) => {
        const response = await send(fetch, url, {
          method: 'PUT',
          headers: {
            ...proof,
            'content-type': 'application/octet-stream',
            'panal-update': JSON.stringify(header),
            ...(offset > 0 ? { 'content-range': `bytes ${offset}-${total - 1}/${total}` } : {}),
          },
          // a view, never a copy; an update is never in shared memory, which its type cannot say
          body: update.bytes.subarray(offset) as Uint8Array<ArrayBuffer>,
          signal: attempt.signal,
        })
        return parse(Receipt, await jsonBody(response))
      }),
    )
    onProgress?.(1, total)
    return receipt
  }
}

/** @throws PanalError 'internal' when the server's answer is not what was asked for */
function parse<S extends TSchema>(schema: S, body: unknown): Static<S> {
  if (Value.Check(schema, body)) return body
  throw new PanalError('internal', 'the server’s answer does not match its schema')
}
