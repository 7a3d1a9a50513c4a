import { randomBytes } from 'node:crypto'
import { PanalError, type Clock, type DeviceId, type Enrolment } from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'
import { hashSecret, makeSecret, sameHash } from './secret.ts'

/** `last_seen_at` is exact to this much, so that a device does not cost a disk write at each request. */
const seenEveryMs = 3_600_000

/** Compared with when there is no such device, so that an unknown id takes as long as a wrong token. */
const nobodysHash = hashSecret('')

/** The devices that have enrolled, each with a token that only it knows. */
export class Devices {
  readonly #db: SyncQueries
  readonly #clock: Clock
  readonly #audit: AuditLog

  constructor(deps: { readonly db: SyncQueries; readonly clock: Clock; readonly audit: AuditLog }) {
    this.#db = deps.db
    this.#clock = deps.clock
    this.#audit = deps.audit
  }

  /** The token is in this answer and nowhere else: only its hash is kept. */
  enrol(): Enrolment {
    const deviceId = `d_${randomBytes(16).toString('base64url')}`
    const deviceToken = makeSecret()
    const now = this.#clock.now()
    this.#db.run(
      query.insertInto('devices').values({
        id: deviceId,
        token_hash: hashSecret(deviceToken),
        created_at: now,
        last_seen_at: now,
        revoked_at: null,
      }),
    )
    return { deviceId, deviceToken }
  }

  /** False for an unknown device, a wrong token and a revoked device alike. */
  verify(deviceId: DeviceId, deviceToken: string): boolean {
    const device = this.#db.first(query.selectFrom('devices').selectAll().where('id', '=', deviceId))
    const matches = sameHash(hashSecret(deviceToken), device?.token_hash ?? nobodysHash)
    if (device === undefined || !matches || device.revoked_at !== null) return false
    const now = this.#clock.now()
    if (now - device.last_seen_at >= seenEveryMs)
      this.#db.run(query.updateTable('devices').set({ last_seen_at: now }).where('id', '=', deviceId))
    return true
  }

  /** From now on `verify` says no. @throws PanalError 'not-found' */
  revoke(deviceId: DeviceId, actor: string): void {
    this.#db.transaction(() => {
      const found = query.selectFrom('devices').select('revoked_at').where('id', '=', deviceId)
      const device = this.#db.first(found)
      if (device === undefined) throw new PanalError('not-found', 'there is no such device')
      if (device.revoked_at !== null) return
      this.#db.run(query.updateTable('devices').set({ revoked_at: this.#clock.now() }).where('id', '=', deviceId))
      this.#audit.append({ actor, action: 'device-revoked', detail: { deviceId } })
    })
  }

  /** Devices that have enrolled and were not revoked. */
  count(): number {
    const total = query
      .selectFrom('devices')
      .select((select) => select.fn.countAll<number>().as('total'))
      .where('revoked_at', 'is', null)
    return this.#db.first(total)?.total ?? 0
  }
}
