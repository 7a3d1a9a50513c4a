import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock } from '@panal/client-core'
import { AuditLog } from '../audit/audit-log.ts'
import { BlobFiles } from './blob-files.ts'
import { requireDataDirectory, type Tell } from './data-error.ts'
import type { DataDir } from './data-dir.ts'
import { liveDatabaseDamage } from './database-file.ts'
import { filesBelow, hashFile } from './hashed-files.ts'
import { blobPath, namedBlobs, openUpdates } from './named-files.ts'
import { damagedBlobs } from './open-sound.ts'
import { ReadOnlyDatabase } from './read-only.ts'
import type { SyncQueries } from './sync-query.ts'

/** What a whole reading of a data directory has found. Sound where all three lists are empty. */
export interface Findings {
  /** Of the database: nothing in it can be relied on. Restore a whole backup. */
  readonly database: readonly string[]
  /** Digests of blobs that rows name and that are damaged or gone. */
  readonly blobs: readonly string[]
  /** Accepted updates of open rounds that are damaged or gone: their rounds will be abandoned. */
  readonly updates: readonly string[]
  readonly numBlobs: number
  readonly numAuditRows: number
  /** Blobs that no row names: `panal gc` removes them. */
  readonly numOrphans: number
}

/**
 * Reads everything and holds it against what is known of it: the database against its checksums, its structure and its
 * audit chain, every blob and every open update against its digest. Changes nothing; a server may run meanwhile.
 * @throws DataError 'no-data-directory'
 */
export async function checkData(data: string, { clock, tell }: { clock: Clock; tell: Tell }): Promise<Findings> {
  const root = resolve(data)
  const file = join(root, 'panal.db')
  requireDataDirectory(root)
  const nothing = { blobs: [], updates: [], numBlobs: 0, numAuditRows: 0, numOrphans: 0 }
  const damage = await liveDatabaseDamage(file)
  if (damage !== 'unchecked' && damage.length > 0) return { ...nothing, database: damage }
  const db = new ReadOnlyDatabase(file)
  try {
    const database = db.structuralDamage()
    if (database.length > 0) return { ...nothing, database }
    const chain = await new AuditLog({ db, clock }).verify()
    const named = namedBlobs(db)
    const updates = await damagedUpdates(root, db)
    return {
      database: chain.ok ? [] : [`the audit trail is not what was written: ${chain.detail}`],
      blobs: await damagedBlobsTold(root, named, tell),
      updates,
      numBlobs: named.length,
      numAuditRows: chain.ok ? chain.numRows : chain.seq - 1,
      numOrphans: (await orphans(join(root, 'blobs'), named)).length,
    }
  } finally {
    db.close()
  }
}

async function damagedBlobsTold(root: string, named: readonly string[], tell: Tell): Promise<string[]> {
  const blobs = new BlobFiles({ blobs: join(root, 'blobs'), temp: '' })
  const bad: string[] = []
  for (const [i, sha256] of named.entries()) {
    bad.push(...(await damagedBlobs([sha256], blobs)))
    tell({ doing: 'verifying blobs', bytes: i + 1, ofBytes: named.length })
  }
  return bad
}

/** A round that closes meanwhile takes its files along: they are missed only if their round still is open. */
async function damagedUpdates(root: string, db: SyncQueries): Promise<string[]> {
  const bad: string[] = []
  for (const { taskId, roundNumber, deviceId, sha256 } of openUpdates(db)) {
    const path = `uploads/${taskId}/${roundNumber}/${deviceId}.update`
    const found = await hashFile(join(root, path)).catch(() => undefined)
    if (found?.sha256 === sha256) continue
    const isOpen = openUpdates(db).some((each) => each.taskId === taskId && each.roundNumber === roundNumber)
    if (isOpen) bad.push(path)
  }
  return bad
}

/** Paths of files under `blobs` that no row names. */
const orphans = async (folder: string, named: Iterable<string>): Promise<string[]> => {
  const paths = new Set([...named].map((sha256) => blobPath(sha256).slice('blobs/'.length)))
  return (await filesBelow(folder)).filter((path) => !paths.has(path))
}

/**
 * Deletes blobs that no row names, such as the weights of a round that a crash cut off before its row. Only on a
 * directory that this process has to itself: a server writes a blob before the row that names it.
 * @returns what was deleted, or would be
 */
export async function collectOrphans(
  dataDir: DataDir,
  db: SyncQueries,
  { dryRun }: { readonly dryRun: boolean },
): Promise<string[]> {
  const found = await orphans(dataDir.blobs, namedBlobs(db))
  if (!dryRun) for (const path of found) await rm(join(dataDir.blobs, path))
  return found.map((path) => `blobs/${path}`)
}
