import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PanalError } from '@panal/client-core'
import { StartupError } from '../startup-error.ts'
import { DamagedBlobError } from './blob-files.ts'
import type { BlobStore } from './blobs.ts'
import { databaseDamage } from './database-file.ts'
import { restoringName, type DataDir } from './data-dir.ts'
import { openDatabase, type Database } from './database.ts'
import { sumsFileOf } from './page-sums.ts'
import { query, type SyncQueries } from './sync-query.ts'

/**
 * The database of a data directory, once its file and the models it points to are found to be what was written. Costs
 * one reading of these files (about 1 GB/s); other blobs are verified when they are read.
 * @throws StartupError 'data-damaged' with what to restore, or 'database-too-new'
 */
export async function openSound(dataDir: DataDir, blobs: BlobStore): Promise<Database> {
  if (existsSync(join(dataDir.path, restoringName)))
    throw new StartupError(
      'data-damaged',
      `A restore into ${dataDir.path} was cut off. Repeat it: ${restoreWhole(dataDir)}.`,
    )
  const damage = await databaseDamage(dataDir.databaseFile)
  if (damage !== 'unchecked' && damage.length > 0) throw damagedDatabase(dataDir, damage)
  const db = await openDatabase(dataDir.databaseFile)
  try {
    const bad = await damagedBlobs(pointedBlobs(db), blobs)
    if (bad.length === 0) return db
    throw damagedPointers(dataDir, bad)
  } catch (error) {
    db.close()
    throw error
  }
}

/** What rounds to come need: weights of head, champion and anchor of every task, what the next round begins from beside, root sets. */
export function pointedBlobs(db: SyncQueries): string[] {
  const rows = db.all(
    query
      .selectFrom('pointers')
      .innerJoin('versions', (join) =>
        join.onRef('versions.task_id', '=', 'pointers.task_id').onRef('versions.version', '=', 'pointers.version'),
      )
      .select([
        'pointers.pointer',
        'versions.weights_sha256',
        'versions.optimizer_sha256',
        'versions.aggregate_sha256',
        'versions.served_sha256',
      ]),
  )
  const digests = rows.flatMap(({ pointer, ...row }) => [
    row.weights_sha256,
    ...(pointer === 'head' && row.optimizer_sha256 !== null ? [row.optimizer_sha256] : []),
    ...(pointer === 'head' && row.aggregate_sha256 !== null ? [row.aggregate_sha256] : []),
    ...(pointer === 'champion' && row.served_sha256 !== null ? [row.served_sha256] : []),
  ])
  return [...new Set([...digests, ...rootSets(db)])]
}

/** Of tasks whose rule trains on one in every round. */
const rootSets = (db: SyncQueries): string[] =>
  db.all(query.selectFrom('tasks').select('document')).flatMap(({ document }) => {
    const { sets } = JSON.parse(document) as { readonly sets: { readonly root?: string } }
    return sets.root === undefined ? [] : [sets.root]
  })

/** Those of the digests whose file is gone or has other bytes. */
export async function damagedBlobs(digests: Iterable<string>, blobs: BlobStore): Promise<string[]> {
  const bad: string[] = []
  for (const sha256 of digests)
    try {
      await blobs.verify(sha256)
    } catch (error) {
      if (!(error instanceof DamagedBlobError) && !(error instanceof PanalError)) throw error
      bad.push(sha256)
    }
  return bad
}

/** What a person does about it, as a command to copy. */
export const restoreWhole = (dataDir: Pick<DataDir, 'path'>): string =>
  `panal restore <backup> --force --data ${dataDir.path}`
export const restoreBlobs = (dataDir: Pick<DataDir, 'path'>): string =>
  `panal restore <backup> --blobs-only --data ${dataDir.path}`

const damagedDatabase = (dataDir: DataDir, damage: readonly string[]): StartupError =>
  new StartupError(
    'data-damaged',
    `${damage.join('; ')}. Nothing is served from it. Restore the newest backup: ${restoreWhole(dataDir)}. ` +
      `Only if you know that the database is sound, because you changed it yourself with another program, delete ` +
      `${sumsFileOf(dataDir.databaseFile)} instead: the next start takes the database as it is.`,
  )

const damagedPointers = (dataDir: DataDir, bad: readonly string[]): StartupError =>
  new StartupError(
    'data-damaged',
    `Models that are served or trained from, or what rounds are made with, are damaged or gone: ${bad.map((each) => `blobs/${each.slice(0, 2)}/${each}`).join(', ')}. ` +
      `Put them back from any backup made since they were new: ${restoreBlobs(dataDir)}.`,
  )
