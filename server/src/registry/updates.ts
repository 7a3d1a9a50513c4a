import { canonicalJson, type DeviceId } from '@panal/client-core'
import type { Likeness } from '../round/likeness.ts'
import type { UpdateLog, UpdateRecord } from '../round/ports.ts'
import { sha256Of } from '../store/blob-files.ts'
import type { Schema } from '../store/schema.ts'
import { query, type SyncQueries } from '../store/sync-query.ts'

/** The durable record of which device sent what: one row per task, round and device. */
export class SqlUpdateLog implements UpdateLog {
  readonly #db: SyncQueries

  constructor(db: SyncQueries) {
    this.#db = db
  }

  /** A second row for the same device and round fails them all: whoever records asks `update` first. */
  recordUpdates(records: readonly UpdateRecord[]): void {
    this.#db.transaction(() => {
      for (const record of records) this.#db.run(query.insertInto('updates').values(toRow(record)))
    })
  }

  update(taskId: string, roundNumber: number, deviceId: DeviceId): UpdateRecord | undefined {
    const row = this.#db.first(
      selectTask(taskId).where('round_number', '=', roundNumber).where('device_id', '=', deviceId),
    )
    return row === undefined ? undefined : fromRow(row)
  }

  updatesOf(taskId: string, roundNumber: number): UpdateRecord[] {
    const own = selectTask(taskId).where('round_number', '=', roundNumber).where('counted_round', 'is', null)
    const stale = selectTask(taskId).where('counted_round', '=', roundNumber)
    return this.#db.all(own.unionAll(stale).orderBy('device_id')).map(fromRow)
  }

  /** For a transaction: how the counted updates of a round lie to what it came to. */
  noteLikenesses(taskId: string, roundNumber: number, likenesses: readonly Likeness[]): void {
    for (const { deviceId, cosine, distance, distanceRank } of likenesses)
      this.#db.run(
        query
          .updateTable('updates')
          .set({ cosine, distance, distance_rank: distanceRank })
          .where('task_id', '=', taskId)
          .where('device_id', '=', deviceId)
          .where((row) =>
            row.or([
              row.and([row('round_number', '=', roundNumber), row('counted_round', 'is', null)]),
              row('counted_round', '=', roundNumber),
            ]),
          ),
      )
  }

  markSelected(taskId: string, deviceIds: readonly DeviceId[], roundNumber: number): void {
    this.#db.transaction(() => {
      for (const deviceId of deviceIds)
        this.#db.run(
          query
            .insertInto('selections')
            .values({ task_id: taskId, device_id: deviceId, last_round: roundNumber })
            .onConflict((conflict) =>
              conflict.columns(['task_id', 'device_id']).doUpdateSet({ last_round: roundNumber }),
            ),
        )
    })
  }

  lastRounds(taskId: string): Map<DeviceId, number> {
    const rows = this.#db.all(
      query.selectFrom('selections').select(['device_id', 'last_round']).where('task_id', '=', taskId),
    )
    return new Map(rows.map((row) => [row.device_id, row.last_round]))
  }
}

/** Only what counts: sorted by device id, as aggregation and the data digest read it. */
export const acceptedUpdates = (log: UpdateLog, taskId: string, roundNumber: number): UpdateRecord[] =>
  log.updatesOf(taskId, roundNumber).filter(({ verdict }) => verdict === 'accepted')

/** By how many rounds an update counts later than its device was asked. */
export const stalenessOf = ({ roundNumber, countedRound = roundNumber }: UpdateRecord): number =>
  countedRound - roundNumber

/**
 * Digest of what a version was made of: each participant's bytes and weight, and its staleness where it has any, in the
 * order of device ids.
 */
export const dataDigest = (updates: readonly UpdateRecord[]): string =>
  sha256Of(canonicalJson(updates.map((update) => [update.sha256, update.weight, ...staleOnly(stalenessOf(update))])))

const staleOnly = (staleness: number): number[] => (staleness > 0 ? [staleness] : [])

const selectTask = (taskId: string) => query.selectFrom('updates').selectAll().where('task_id', '=', taskId)

const toRow = (record: UpdateRecord): Schema['updates'] => ({
  task_id: record.taskId,
  round_number: record.roundNumber,
  device_id: record.deviceId,
  sha256: record.sha256,
  bytes: record.bytes,
  num_examples: record.numExamples,
  weight: record.weight,
  norm: record.norm,
  train_ms: record.trainMs ?? null,
  loss_before: record.lossBefore ?? null,
  loss_after: record.lossAfter ?? null,
  verdict: record.verdict,
  received_at: record.receivedAt,
  cosine: record.cosine ?? null,
  distance: record.distance ?? null,
  distance_rank: record.distanceRank ?? null,
  counted_round: record.countedRound ?? null,
})

const fromRow = (row: Schema['updates']): UpdateRecord => ({
  taskId: row.task_id,
  roundNumber: row.round_number,
  deviceId: row.device_id,
  sha256: row.sha256,
  bytes: row.bytes,
  numExamples: row.num_examples,
  weight: row.weight,
  norm: row.norm,
  verdict: row.verdict,
  receivedAt: row.received_at,
  ...(row.counted_round !== null && { countedRound: row.counted_round }),
  ...(row.train_ms !== null && { trainMs: row.train_ms }),
  ...(row.loss_before !== null && { lossBefore: row.loss_before }),
  ...(row.loss_after !== null && { lossAfter: row.loss_after }),
  ...(row.cosine !== null && { cosine: row.cosine }),
  ...(row.distance !== null && { distance: row.distance }),
  ...(row.distance_rank !== null && { distanceRank: row.distance_rank }),
})
