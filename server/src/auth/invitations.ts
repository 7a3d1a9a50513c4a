import { randomUUID } from 'node:crypto'
import { PanalError, type Clock, type DeviceId, type EpochMs } from '@panal/client-core'
import { errors, jwtVerify, SignJWT, type CryptoKey } from 'jose'
import type { AuditLog } from '../audit/audit-log.ts'
import type { ServerKeys } from '../keys/server-keys.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'

/** The longest that an invitation is good for. */
export const maxInvitationMs = 15 * 60_000

const typ = 'panal-invitation+jwt'
const issuer = 'panal'

export interface IssuedInvitation {
  readonly invitation: string
  readonly expiresAt: EpochMs
}

/** Invitations to tasks that do not take every device: JWTs that this server signs, each good for one device. */
export class Invitations {
  readonly #db: SyncQueries
  readonly #clock: Clock
  readonly #audit: AuditLog
  readonly #keys: Pick<ServerKeys, 'id' | 'privateKey' | 'publicKey'>

  constructor(deps: {
    readonly db: SyncQueries
    readonly clock: Clock
    readonly audit: AuditLog
    readonly keys: Pick<ServerKeys, 'id' | 'privateKey' | 'publicKey'>
  }) {
    this.#db = deps.db
    this.#clock = deps.clock
    this.#audit = deps.audit
    this.#keys = deps.keys
  }

  /** @param options.forMs at most 15 minutes */
  async issue(taskId: string, options: { readonly forMs?: number; readonly actor: string }): Promise<IssuedInvitation> {
    const now = this.#clock.now()
    const expiresAt = now + Math.min(options.forMs ?? maxInvitationMs, maxInvitationMs)
    const id = randomUUID()
    const invitation = await new SignJWT()
      .setProtectedHeader({ alg: 'EdDSA', kid: this.#keys.id, typ })
      .setIssuer(issuer)
      .setAudience(taskId)
      .setJti(id)
      .setIssuedAt(Math.floor(now / 1000))
      .setExpirationTime(Math.ceil(expiresAt / 1000))
      .sign(this.#keys.privateKey)
    this.#audit.append({ actor: options.actor, action: 'device-invited', detail: { taskId, invitation: id } })
    return { invitation, expiresAt }
  }

  /**
   * Its id, if it is one of this server's, for this task, and not over. Whether it was used is for `use` to say.
   * @throws PanalError 'invalid-invitation'
   */
  async read(invitation: string, taskId: string): Promise<{ readonly id: string; readonly expiresAt: EpochMs }> {
    try {
      const { payload } = await jwtVerify(invitation, ({ kid }) => this.#keyOf(kid), {
        algorithms: ['EdDSA'],
        typ,
        issuer,
        audience: taskId,
        requiredClaims: ['jti', 'iat', 'exp'],
        maxTokenAge: maxInvitationMs / 1000 + 1,
        currentDate: new Date(this.#clock.now()),
      })
      return { id: payload.jti!, expiresAt: payload.exp! * 1000 }
    } catch (error) {
      if (error instanceof PanalError) throw error
      throw new PanalError('invalid-invitation', whyNot(error), { cause: error })
    }
  }

  /** Call it in the transaction that enrols. The same device may use it again: its answer may have been lost. */
  use({ id, expiresAt }: { readonly id: string; readonly expiresAt: EpochMs }, deviceId: DeviceId): void {
    const used = query.selectFrom('used_invitations').select('device_id').where('id', '=', id)
    const usedBy = this.#db.first(used)?.device_id
    if (usedBy === deviceId) return
    if (usedBy !== undefined) throw new PanalError('invalid-invitation', 'this invitation was used by another device')
    this.#db.run(query.insertInto('used_invitations').values({ id, device_id: deviceId, expires_at: expiresAt }))
  }

  /** Forgets those that could not be used again anyway. */
  sweep(): number {
    return this.#db.run(query.deleteFrom('used_invitations').where('expires_at', '<', this.#clock.now()))
  }

  /** A key id is looked up in a list in memory, and is nothing else. */
  #keyOf(kid: string | undefined): ReturnType<ServerKeys['publicKey']> & CryptoKey {
    const key = kid === undefined ? undefined : this.#keys.publicKey(kid)
    if (key === undefined) throw new PanalError('invalid-invitation', 'this invitation was made by another server')
    return key as ReturnType<ServerKeys['publicKey']> & CryptoKey
  }
}

/** Claims are looked at after the signature: only who holds a genuine invitation is told what is wrong with it. */
function whyNot(error: unknown): string | undefined {
  if (error instanceof errors.JWTExpired) return 'this invitation is over'
  const isForAnother = error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud'
  return isForAnother ? 'this invitation is for another task' : undefined
}
