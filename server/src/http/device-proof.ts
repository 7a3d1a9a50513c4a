import { PanalError, type DeviceId } from '@panal/client-core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readRequestProof, type Proven } from '../auth/proofs.ts'
import type { ProofNonces } from '../auth/proof-nonces.ts'
import { isOurs, type AllowedOrigins } from './origin.ts'

export interface ProofRules {
  readonly nonces: ProofNonces
  readonly allowed: AllowedOrigins
  /** Refuses a device by throwing. */
  readonly admit?: (deviceId: DeviceId) => void
}

/**
 * Which device sent a request, by the proof in its header `DPoP` (RFC 9449): signed for this method and address, with a
 * nonce of ours, and never seen before. The answer brings the nonce for the next one, whatever becomes of this one.
 * @throws PanalError 'unauthorized' | 'stale-proof'
 */
export async function proveRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  { nonces, allowed, admit }: ProofRules,
): Promise<Omit<Proven<unknown>, 'claims'>> {
  reply.header('dpop-nonce', nonces.current)
  const { deviceId, jwk, claims } = await readRequestProof(request.headers['dpop'], ({ htm, htu, nonce }) => {
    if (htm !== request.method || !isForHere(htu, request, allowed))
      throw new PanalError(
        'unauthorized',
        'the proof was made for another request, or for another address of the server',
      )
    if (!nonces.isFresh(nonce)) throw new PanalError('stale-proof')
  })
  admit?.(deviceId)
  if (nonces.use(claims.nonce, claims.jti) !== 'fresh') throw new PanalError('stale-proof')
  return { deviceId, jwk }
}

function isForHere(htu: string, request: FastifyRequest, allowed: AllowedOrigins): boolean {
  if (!URL.canParse(htu)) return false
  const { origin } = new URL(htu)
  // As it was written: a parsed path would have its dots resolved.
  const path = htu.slice(origin.length)
  return path === request.url.split('?')[0] && isOurs(origin, request.headers.host, allowed)
}
