import { PanalError, type Clock } from '@panal/client-core'
import type { AuditLog } from '../audit/audit-log.ts'
import { blobKinds, datasetBlobs, isPublicBlob, recordBlob } from '../store/blob-rows.ts'
import type { BlobKind } from '../store/schema.ts'
import type { SyncQueries } from '../store/sync-query.ts'

/** What each stored blob is for, and so who may read it. */
export class BlobCatalogue {
  readonly #deps: { readonly db: SyncQueries; readonly clock: Clock; readonly audit: AuditLog }

  constructor(deps: { readonly db: SyncQueries; readonly clock: Clock; readonly audit: AuditLog }) {
    this.#deps = deps
  }

  /** Weights and samples; a blob that is also a private dataset stays private, and so does one nobody recorded. */
  isPublic(sha256: string): boolean {
    return isPublicBlob(this.#deps.db, sha256)
  }

  /** Newest first. */
  datasets(): { sha256: string; kind: 'dataset' | 'sample'; numBytes: number; addedAt: number }[] {
    return datasetBlobs(this.#deps.db)
  }

  /**
   * Adding what is there already changes nothing.
   * @throws PanalError 'invalid-dataset' for a private dataset offered as a public sample, or the reverse
   */
  addDataset(
    blob: { readonly sha256: string; readonly kind: BlobKind; readonly numBytes: number },
    actor: string,
  ): void {
    const { db, clock, audit } = this.#deps
    db.transaction(() => {
      const kinds = blobKinds(db, blob.sha256)
      if (kinds.includes(blob.kind)) return
      const [other] = kinds
      if (other !== undefined)
        throw new PanalError('invalid-dataset', `these bytes are stored as a ${other} and cannot be a ${blob.kind} too`)
      recordBlob(db, { ...blob, at: clock.now() })
      const { sha256, kind, numBytes } = blob
      audit.append({ actor, action: 'dataset-added', detail: { sha256, kind, numBytes } })
    })
  }
}
