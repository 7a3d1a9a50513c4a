import { PanalError, systemClock } from '@panal/client-core'
import { AuditLog } from './audit/audit-log.ts'
import { makeTask } from './registry/make-task.ts'
import type { Registry } from './registry/registry.ts'
import { SqlRegistry } from './registry/sql-registry.ts'
import type { TaskDocument } from './registry/task-document.ts'
import type { Task } from './registry/task.ts'
import { SqlUpdateLog } from './registry/updates.ts'
import type { UpdateLog } from './round/ports.ts'
import { Spool } from './round/spool.ts'
import { BlobFiles } from './store/blob-files.ts'
import type { BlobStore } from './store/blobs.ts'
import { dataFolders } from './store/data-dir.ts'
import { requireDataDirectory } from './store/data-error.ts'
import { ReadOnlyDatabase } from './store/read-only.ts'
import { query } from './store/sync-query.ts'

/** What a data directory holds, for whoever only looks: every method that would write fails. */
export interface DataReader {
  readonly registry: Registry
  readonly log: UpdateLog
  /** @throws PanalError 'unknown-task' */
  task(taskId: string): Promise<Task>
  readonly blobs: BlobStore
  readonly spool: Spool
  readonly audit: AuditLog
  close(): void
}

/**
 * Opens a data directory without taking it: a server may have it open, and may write meanwhile. Rows come from SQLite's
 * own snapshots; blobs and accepted updates are files that never change, only go.
 * @throws DataError 'no-data-directory'; StartupError 'database-too-new' | 'database-too-old'
 */
export function readDataDir(path: string): DataReader {
  const folders = dataFolders(path)
  requireDataDirectory(path)
  const db = new ReadOnlyDatabase(folders.databaseFile)
  try {
    db.requireThisVersion()
    const clock = systemClock({ setTimeout, clearTimeout })
    const audit = new AuditLog({ db, clock })
    const blobs = new BlobFiles(folders)
    const registry = new SqlRegistry({ db, blobs, clock, audit, codeVersion: '' })
    const log = new SqlUpdateLog(db)
    const task = async (taskId: string) => {
      const row = db.first(query.selectFrom('tasks').select('document').where('id', '=', taskId))
      if (row === undefined) throw new PanalError('unknown-task')
      return makeTask(JSON.parse(row.document) as TaskDocument) // checked when it was created
    }
    return { registry, log, task, blobs, audit, spool: new Spool(folders.uploads), close: () => db.close() }
  } catch (error) {
    db.close()
    throw error
  }
}
