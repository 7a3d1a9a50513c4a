import { isPublic } from './blobs.ts'
import type { BlobKind } from './schema.ts'
import { query, type SyncQueries } from './sync-query.ts'

/** Notes what a stored blob is for. A blob may serve as several kinds; noting it twice changes nothing. */
export function recordBlob(
  db: SyncQueries,
  blob: { readonly sha256: string; readonly kind: BlobKind; readonly numBytes: number; readonly at: number },
): void {
  db.run(
    query
      .insertInto('blobs')
      .values({ sha256: blob.sha256, kind: blob.kind, bytes: blob.numBytes, created_at: blob.at })
      .onConflict((conflict) => conflict.doNothing()),
  )
}

/** Empty for a digest that nobody recorded: such a file is never served. */
export const blobKinds = (db: SyncQueries, sha256: string): BlobKind[] =>
  db.all(query.selectFrom('blobs').select('kind').where('sha256', '=', sha256).orderBy('kind')).map((row) => row.kind)

/** May anybody read it? Weights stay public where a server optimizer's state has the same bytes; a dataset stays private. */
export function isPublicBlob(db: SyncQueries, sha256: string): boolean {
  const kinds = blobKinds(db, sha256)
  return kinds.some(isPublic) && !kinds.includes('dataset')
}

/** Datasets and samples, newest first. */
export const datasetBlobs = (db: SyncQueries) =>
  db
    .all(
      query
        .selectFrom('blobs')
        .select(['sha256', 'kind', 'bytes', 'created_at'])
        .where('kind', 'in', ['dataset', 'sample'])
        .orderBy('created_at', 'desc')
        .orderBy('sha256'),
    )
    .map((row) => ({
      sha256: row.sha256,
      kind: row.kind === 'sample' ? ('sample' as const) : ('dataset' as const),
      numBytes: row.bytes,
      addedAt: row.created_at,
    }))
