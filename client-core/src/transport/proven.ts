import type { Clock } from '../device/clock.ts'
import { PanalError } from '../protocol/errors.ts'
import { makeProof, proofTypes, type ProofSigner } from '../protocol/proof.ts'
import type { Fetch } from './fetch.ts'

/** What a request carries to say who sends it. */
export interface ProofHeaders extends Record<string, string> {
  readonly dpop: string
}

/** Requests that say who sends them. */
export interface Prover {
  /** The platform's fetch, which also takes up each nonce that the server sends. */
  readonly fetch: Fetch
  readonly useNonce: (nonce: string) => void
  /** Runs a request with the header that proves it; once more, with the server's new nonce, if the old one was stale. */
  readonly proven: <T>(method: string, url: string, request: (headers: ProofHeaders) => Promise<T>) => Promise<T>
}

/**
 * Proof of possession for HTTP requests, RFC 9449. Fresh by the server's nonce alone, so that a device whose clock is
 * a day off is as welcome as any; without a nonce the first request is refused, and brings one.
 */
export function prover(options: { readonly fetch: Fetch; readonly keys: ProofSigner; readonly clock: Clock }): Prover {
  const { keys, clock } = options
  let nonce: string | undefined
  const proof = async (htm: string, htu: string) => {
    const iat = Math.floor(clock.now() / 1000)
    const claims = { htm, htu, iat, ...(nonce === undefined ? {} : { nonce }) }
    return { dpop: await makeProof(keys, proofTypes.request, claims) }
  }
  return {
    useNonce: (given) => void (nonce = given),
    fetch: async (url, init) => {
      const response = await options.fetch(url, init)
      nonce = response.headers.get('dpop-nonce') ?? nonce
      return response
    },
    async proven(method, url, request) {
      try {
        return await request(await proof(method, url))
      } catch (error) {
        if (!(error instanceof PanalError) || error.code !== 'stale-proof') throw error
        return await request(await proof(method, url))
      }
    },
  }
}
