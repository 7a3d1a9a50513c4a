import { PanalError, protocolVersion, refuse, type Join, type Refusal } from '@panal/client-core'
import type { Standing } from '../auth/devices.ts'
import { readJoinProof } from '../auth/proofs.ts'
import { isOurs, type AllowedOrigins } from '../http/origin.ts'

/** What a join proof must have been made for. */
export interface Connection {
  /** Drawn for this connection alone. */
  readonly challenge: string
  readonly host: string | undefined
}

/**
 * Whether a join comes from the device that it names: signed for this connection, this task and this server, so that a
 * captured one is good nowhere else. Returns the id of the proof.
 */
export async function checkJoin(
  join: Join,
  { challenge, host }: Connection,
  allowed: AllowedOrigins,
): Promise<{ readonly ok: true; readonly proofId: string } | Refusal> {
  try {
    const { deviceId, claims } = await readJoinProof(join.proof, (claim) => {
      const isForThis =
        claim.nonce === challenge &&
        claim.taskId === join.taskId &&
        claim.deviceId === join.deviceId &&
        claim.protocolVersion === protocolVersion &&
        URL.canParse(claim.origin) &&
        isOurs(new URL(claim.origin).origin, host, allowed)
      if (!isForThis) throw new PanalError('unauthorized', 'the proof is for another connection, task or server')
    })
    if (deviceId !== join.deviceId) return refuse('unauthorized', 'the proof was made by another key')
    return { ok: true, proofId: claims.jti }
  } catch (error) {
    if (error instanceof PanalError) return refuse(error.code, error.message)
    throw error
  }
}

/** A device that may not join, and why. */
export const refusalOf = (standing: Standing): Refusal | undefined =>
  standing === 'good' ? undefined : refuse(standing === 'revoked' ? 'revoked' : 'unauthorized')
