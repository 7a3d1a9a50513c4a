import { setImmediate } from 'node:timers/promises'
import {
  algorithmOf,
  deviceIdOf,
  PanalError,
  type Clock,
  type DeviceId,
  type EpochMs,
  type PublicJwk,
} from '@panal/client-core'
import type { ExpressionBuilder } from 'kysely'
import type { AuditLog } from '../audit/audit-log.ts'
import { GroupCommit } from '../store/group-commit.ts'
import type { Schema } from '../store/schema.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'

/** `last_seen_at` is exact to this much, so that a device does not cost a disk write at each request. */
const seenEveryMs = 3_600_000
/** Those seen in so long a time are written together: a fleet that comes back in the morning must not wait for the disk. */
const seenTogetherMs = 1_000
const dayMs = 86_400_000

/** How a device came to a task. */
export interface Entry {
  readonly taskId: string
  readonly jwk: PublicJwk
  readonly network: string
  /** Runs in the same transaction, and may refuse by throwing: then nothing of this entry is kept. */
  readonly alongside?: (deviceId: DeviceId) => void
}

export interface DeviceInfo {
  readonly id: DeviceId
  readonly algorithm: string
  readonly network: string
  readonly tasks: readonly string[]
  readonly enrolledAt: EpochMs
  readonly lastSeenAt: EpochMs
  readonly revokedAt: EpochMs | null
  /** Set while it is in quarantine. */
  readonly quarantinedAt: EpochMs | null
  /** Why it was revoked, or put in quarantine. */
  readonly reason: string | null
}

/** Which devices a list is of. */
export interface DevicePage {
  readonly limit?: number
  readonly after?: DeviceId
  /** Only those in quarantine. */
  readonly quarantined?: boolean
}

/** Who decides something about a device, and why. */
export interface Decided {
  readonly actor: string
  readonly reason: string
}

/** Whether a device may do what it asks: `unknown` may enrol, `revoked` may nothing. */
export type Standing = 'good' | 'unknown' | 'revoked'

export interface DevicesDeps {
  readonly db: SyncQueries
  readonly clock: Clock
  readonly audit: AuditLog
  /** Most new devices a day from one network. */
  readonly maxPerNetwork?: number
}

/** The devices that have enrolled: each is its key, and serves the tasks that it enrolled for. */
export class Devices {
  readonly #db: SyncQueries
  readonly #clock: Clock
  readonly #audit: AuditLog
  readonly #maxPerNetwork: number
  readonly #enrolments = new GroupCommit((entries: readonly Entry[]) => this.#enrolAll(entries))
  readonly #seen = new Map<DeviceId, EpochMs>()
  readonly #life = new AbortController()
  readonly #quarantined: Set<DeviceId>

  constructor(deps: DevicesDeps) {
    this.#db = deps.db
    this.#clock = deps.clock
    this.#audit = deps.audit
    this.#maxPerNetwork = deps.maxPerNetwork ?? Infinity
    const quarantined = query.selectFrom('devices').select('id').where('quarantined_at', 'is not', null)
    this.#quarantined = new Set(this.#db.all(quarantined).map(({ id }) => id))
  }

  /** Writes what it still holds. */
  close(): void {
    this.#life.abort(new Error('the server is closing'))
    this.#writeSeen()
  }

  /**
   * Durable when it resolves. Doing it again changes nothing.
   * @throws PanalError 'revoked' | 'rate-limited', and what `alongside` throws
   */
  async enrol(entry: Entry): Promise<DeviceId> {
    const outcome = await this.#enrolments.submit(entry)
    if (outcome instanceof PanalError) throw outcome
    return outcome
  }

  /** What came in one turn of the event loop is one write: in a crowd each would wait for all before it. */
  async #enrolAll(entries: readonly Entry[]): Promise<(DeviceId | PanalError)[]> {
    await setImmediate()
    const enrolled = (entry: Entry): DeviceId | PanalError => {
      try {
        return this.#db.attempt(() => this.#enrolOne(entry))
      } catch (error) {
        // A full disk, or a bug, is not the fault of one entry: then none of them is kept.
        if (error instanceof PanalError && error.code !== 'disk-full') return error
        throw error
      }
    }
    return this.#db.transaction(() => entries.map(enrolled))
  }

  #enrolOne({ taskId, jwk, network, alongside }: Entry): DeviceId {
    const deviceId = deviceIdOf(jwk)
    const standing = this.standing(deviceId)
    if (standing === 'revoked') throw new PanalError('revoked')
    if (standing === 'unknown') this.#insert(deviceId, jwk, network)
    alongside?.(deviceId)
    const enrolment = { device_id: deviceId, task_id: taskId, created_at: this.#clock.now() }
    this.#db.run(
      query
        .insertInto('enrolments')
        .values(enrolment)
        .onConflict((conflict) => conflict.doNothing()),
    )
    return deviceId
  }

  /** Of a device as such, or for one task. */
  standing(deviceId: DeviceId, taskId?: string): Standing {
    const device = this.#db.first(
      query.selectFrom('devices').select(['revoked_at', 'last_seen_at']).where('id', '=', deviceId),
    )
    if (device === undefined) return 'unknown'
    if (device.revoked_at !== null) return 'revoked'
    if (taskId !== undefined && !this.#isEnrolled(deviceId, taskId)) return 'unknown'
    const now = this.#clock.now()
    if (now - (this.#seen.get(deviceId) ?? device.last_seen_at) >= seenEveryMs) this.#noteSeen(deviceId, now)
    return 'good'
  }

  #noteSeen(deviceId: DeviceId, at: EpochMs): void {
    if (this.#seen.size === 0)
      this.#clock.sleep(seenTogetherMs, this.#life.signal).then(
        () => this.#writeSeen(),
        () => undefined, // closing: that has written them
      )
    this.#seen.set(deviceId, at)
  }

  #writeSeen(): void {
    const seen = [...this.#seen]
    this.#seen.clear()
    try {
      this.#db.transaction(() => {
        for (const [id, at] of seen)
          this.#db.run(query.updateTable('devices').set({ last_seen_at: at }).where('id', '=', id))
      })
    } catch {
      // A full disk, say: who comes again is noted again, and nothing else rests on it.
    }
  }

  /** From now on its standing is `revoked`, for good. @throws PanalError 'not-found' */
  revoke(deviceId: DeviceId, { actor, reason }: Decided): void {
    this.#db.transaction(() => {
      this.#require(deviceId)
      if (this.standing(deviceId) === 'revoked') return
      const revoked = { revoked_at: this.#clock.now(), revoked_reason: reason }
      this.#db.run(query.updateTable('devices').set(revoked).where('id', '=', deviceId))
      this.#audit.append({ actor, action: 'device-revoked', detail: { deviceId, reason } })
    })
  }

  /** Whether nothing of it counts, although it may join. */
  isQuarantined(deviceId: DeviceId): boolean {
    return this.#quarantined.has(deviceId)
  }

  /** From now on it is not asked, and nothing that it sends counts, until it is released. @throws PanalError 'not-found' */
  quarantine(deviceId: DeviceId, { actor, reason }: Decided): void {
    this.#moveQuarantine(deviceId, { quarantined_at: this.#clock.now(), quarantined_reason: reason }, () =>
      this.#audit.append({ actor, action: 'device-quarantined', detail: { deviceId, reason } }),
    )
    this.#quarantined.add(deviceId)
  }

  /** It may be asked again. @throws PanalError 'not-found' */
  release(deviceId: DeviceId, { actor, reason }: Decided): void {
    this.#require(deviceId)
    if (!this.isQuarantined(deviceId)) return
    this.#moveQuarantine(deviceId, { quarantined_at: null, quarantined_reason: null }, () =>
      this.#audit.append({ actor, action: 'device-released', detail: { deviceId, reason } }),
    )
    this.#quarantined.delete(deviceId)
  }

  #moveQuarantine(
    deviceId: DeviceId,
    row: Pick<Schema['devices'], 'quarantined_at' | 'quarantined_reason'>,
    alongside: () => void,
  ): void {
    this.#db.transaction(() => {
      this.#require(deviceId)
      this.#db.run(query.updateTable('devices').set(row).where('id', '=', deviceId))
      alongside()
    })
  }

  /** @throws PanalError 'not-found' */
  #require(deviceId: DeviceId): void {
    if (this.standing(deviceId) === 'unknown') throw new PanalError('not-found', 'there is no such device')
  }

  /** Newest first, from the one after `after`. @throws PanalError 'not-found' for an `after` that there is not */
  list(options: DevicePage = {}): DeviceInfo[] {
    let select = query
      .selectFrom('devices')
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .limit(options.limit ?? 100)
    if (options.quarantined === true) select = select.where('quarantined_at', 'is not', null)
    if (options.after !== undefined) select = select.where(this.#isAfter(options.after))
    return this.#db.all(select).map((row) => ({
      id: row.id,
      algorithm: row.alg,
      network: row.network,
      tasks: this.#tasksOf(row.id),
      enrolledAt: row.created_at,
      lastSeenAt: row.last_seen_at,
      revokedAt: row.revoked_at,
      quarantinedAt: row.quarantined_at,
      reason: row.revoked_reason ?? row.quarantined_reason,
    }))
  }

  /** In the order of lists. Devices that enrolled together have one time. */
  #isAfter(last: DeviceId) {
    const found = this.#db.first(query.selectFrom('devices').select('created_at').where('id', '=', last))
    if (found === undefined) throw new PanalError('not-found', 'there is no such device')
    const { created_at } = found
    return (eb: ExpressionBuilder<Schema, 'devices'>) =>
      eb.or([eb('created_at', '<', created_at), eb.and([eb('created_at', '=', created_at), eb('id', '>', last)])])
  }

  #insert(deviceId: DeviceId, jwk: PublicJwk, network: string): void {
    const now = this.#clock.now()
    const today = query
      .selectFrom('devices')
      .select((select) => select.fn.countAll<number>().as('total'))
      .where('network', '=', network)
      .where('created_at', '>', now - dayMs)
    if ((this.#db.first(today)?.total ?? 0) >= this.#maxPerNetwork)
      throw new PanalError('rate-limited', 'too many new devices from this network today', { retryAfterMs: 3_600_000 })
    this.#db.run(
      query.insertInto('devices').values({
        id: deviceId,
        public_key: JSON.stringify(jwk),
        alg: algorithmOf(jwk),
        network,
        created_at: now,
        last_seen_at: now,
        revoked_at: null,
        revoked_reason: null,
        quarantined_at: null,
        quarantined_reason: null,
      }),
    )
  }

  #isEnrolled(deviceId: DeviceId, taskId: string): boolean {
    const found = query
      .selectFrom('enrolments')
      .select('device_id')
      .where('device_id', '=', deviceId)
      .where('task_id', '=', taskId)
    return this.#db.first(found) !== undefined
  }

  #tasksOf(deviceId: DeviceId): string[] {
    const tasks = query.selectFrom('enrolments').select('task_id').where('device_id', '=', deviceId).orderBy('task_id')
    return this.#db.all(tasks).map((row) => row.task_id)
  }
}
