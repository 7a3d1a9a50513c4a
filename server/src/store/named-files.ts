import type { DeviceId } from '@panal/client-core'
import { query, type SyncQueries } from './sync-query.ts'

/** Every blob that a row names, sorted. What is not among them is left from a write whose row was never committed. */
export function namedBlobs(db: SyncQueries): string[] {
  const recorded = db.all(query.selectFrom('blobs').select('sha256').distinct())
  const versions = db.all(
    query.selectFrom('versions').select(['weights_sha256', 'optimizer_sha256', 'aggregate_sha256', 'served_sha256']),
  )
  const digests = [
    ...recorded.map(({ sha256 }) => sha256),
    ...versions.flatMap((row) =>
      [row.weights_sha256, row.optimizer_sha256, row.aggregate_sha256, row.served_sha256].filter(
        (each) => each !== null,
      ),
    ),
  ]
  return [...new Set(digests)].sort()
}

export interface NamedUpdate {
  readonly taskId: string
  readonly roundNumber: number
  readonly deviceId: DeviceId
  readonly sha256: string
}

/** Accepted updates of rounds that are not closed: what a round taken up again is made of. */
export const openUpdates = (db: SyncQueries): NamedUpdate[] =>
  db.all(
    query
      .selectFrom('updates')
      .innerJoin('rounds', (join) =>
        join.onRef('rounds.task_id', '=', 'updates.task_id').onRef('rounds.number', '=', 'updates.round_number'),
      )
      .select([
        'updates.task_id as taskId',
        'updates.round_number as roundNumber',
        'updates.device_id as deviceId',
        'updates.sha256',
      ])
      .where('rounds.phase', '!=', 'closed')
      .where('updates.verdict', '=', 'accepted'),
  )

export const blobPath = (sha256: string): string => `blobs/${sha256.slice(0, 2)}/${sha256}`
