import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '@panal/client-core'
import { AuditLog } from '../audit/audit-log.ts'
import { readKeys } from '../keys/key-file.ts'
import { StartupError } from '../startup-error.ts'
import { dataFolder, manifestName, manifestText, verifyBackup, type Manifest } from './backup-manifest.ts'
import { syncFolder } from './blob-files.ts'
import { DataError, requireDataDirectory, type Tell } from './data-error.ts'
import { openDataDir } from './data-dir.ts'
import { liveDatabaseDamage } from './database-file.ts'
import { copyFile, exists, filesBelow, hashFile, syncTree, type HashedFile } from './hashed-files.ts'
import { blobPath, namedBlobs, openUpdates } from './named-files.ts'
import { ReadOnlyDatabase } from './read-only.ts'

const databaseName = 'panal.db'
/** How often the keys are copied before they, and not a rotation, are held to be at fault. */
const maxKeyCopies = 5

/** What a backup does not copy as it lies: made anew at each start, or taken in a way of its own. */
const isLeftOut = (path: string): boolean =>
  /^(panal\.db.*|lock\.db.*|server\.pid|admin\.token|temp|blobs|uploads|keys|before-restore-\d+)$/.test(path)

export interface BackupOptions {
  readonly clock: Clock
  readonly codeVersion: string
  readonly tell: Tell
}

/**
 * Copies a data directory as it is at one moment into a new folder, whether a server runs on it or not: the database,
 * every blob that its rows name, the updates of open rounds, and all else that is no cache (signing keys are). The
 * database comes first; what its rows name is never changed, and deleted only where no server runs. Whole and verified
 * under its name, or not there.
 * @throws DataError 'no-data-directory' | 'target-exists' | 'source-damaged'
 */
export async function backUp(data: string, target: string, options: BackupOptions): Promise<Manifest> {
  const root = resolve(data)
  const final = resolve(target)
  requireDataDirectory(root)
  if (await exists(final))
    throw new DataError('target-exists', `${final} is there already. Each backup is a new folder: choose another name.`)
  const lock = await lockIfFree(root)
  const partial = `${final}.partial`
  try {
    await rm(partial, { recursive: true, force: true })
    await mkdir(join(partial, dataFolder), { recursive: true, mode: 0o700 })
    await fill(root, partial, options)
    const manifest = await verifyBackup(partial, options.tell)
    await rename(partial, final)
    await syncFolder(dirname(final))
    return manifest
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  } finally {
    lock?.close()
  }
}

/** Without a server, nobody may start one meanwhile; with one, that one keeps others out. */
async function lockIfFree(root: string) {
  try {
    return await openDataDir(root)
  } catch (error) {
    if (error instanceof StartupError && error.code === 'data-dir-in-use') return undefined
    throw error
  }
}

async function fill(root: string, partial: string, { clock, codeVersion, tell }: BackupOptions): Promise<void> {
  await refuseDamage(root)
  const takenAt = clock.now()
  const snapshot = join(partial, dataFolder, databaseName)
  const live = new ReadOnlyDatabase(join(root, databaseName))
  live.copyTo(snapshot)
  live.close()
  const db = new ReadOnlyDatabase(snapshot)
  const files: HashedFile[] = []
  try {
    const damage = db.structuralDamage()
    if (damage.length > 0) throw damagedSource(damage)
    // First, for these may go while the rest is copied. Without them their round is abandoned after a restore.
    for (const path of openUpdates(db).map(updatePath)) {
      const copied = await copyFile(join(root, path), join(partial, dataFolder, path)).catch(unlessGone)
      if (copied !== undefined) files.push({ path, ...copied })
    }
    files.push(...(await copyBlobs(root, partial, namedBlobs(db), tell)))
    files.push(...(await copyKeys(root, partial)))
    for (const path of await filesBelow(root, isLeftOut))
      files.push({ path, ...(await copyFile(join(root, path), join(partial, dataFolder, path))) })
    await syncFile(snapshot)
    files.push({ path: databaseName, ...(await hashFile(snapshot)) })
    const auditHead = new AuditLog({ db, clock }).head()
    await writeManifest(partial, { format: 1, takenAt, codeVersion, auditHead, files })
  } finally {
    db.close()
  }
  await syncTree(partial)
}

async function refuseDamage(root: string): Promise<void> {
  const damage = await liveDatabaseDamage(join(root, databaseName))
  if (damage !== 'unchecked' && damage.length > 0) throw damagedSource(damage)
}

const damagedSource = (damage: readonly string[]): DataError =>
  new DataError(
    'source-damaged',
    'The data directory is damaged, and no backup was made of it. `panal check` says what to restore.',
    damage,
  )

const updatePath = ({ taskId, roundNumber, deviceId }: { taskId: string; roundNumber: number; deviceId: string }) =>
  `uploads/${taskId}/${roundNumber}/${deviceId}.update`

async function copyBlobs(root: string, partial: string, digests: readonly string[], tell: Tell): Promise<HashedFile[]> {
  const files: HashedFile[] = []
  const damaged: string[] = []
  for (const [i, sha256] of digests.entries()) {
    const path = blobPath(sha256)
    const copied = await copyFile(join(root, path), join(partial, dataFolder, path)).catch(unlessGone)
    if (copied === undefined) damaged.push(`${path} is gone`)
    else if (copied.sha256 !== sha256) damaged.push(`${path} has other bytes`)
    else files.push({ path, ...copied })
    tell({ doing: 'copying blobs', bytes: i + 1, ofBytes: digests.length })
  }
  if (damaged.length > 0) throw damagedSource(damaged)
  return files
}

/**
 * A rotation meanwhile can leave a copy of the old key alone, from which the private half was taken already: then all are
 * copied again.
 */
async function copyKeys(root: string, partial: string): Promise<HashedFile[]> {
  const folder = join(partial, dataFolder, 'keys')
  for (let attempt = 1; ; attempt++) {
    const files: HashedFile[] = []
    for (const name of await filesBelow(join(root, 'keys')))
      files.push({ path: `keys/${name}`, ...(await copyFile(join(root, 'keys', name), join(folder, name))) })
    if (files.length === 0) return files
    try {
      await readKeys(folder)
      return files
    } catch (error) {
      if (!(error instanceof StartupError)) throw error
      if (attempt === maxKeyCopies) throw damagedSource([error.message.replace(folder, 'keys')])
      await rm(folder, { recursive: true })
    }
  }
}

function unlessGone(error: unknown): undefined {
  if ((error as { code?: string }).code !== 'ENOENT') throw error
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function writeManifest(partial: string, manifest: Manifest): Promise<void> {
  const file = await open(join(partial, manifestName), 'wx', 0o600)
  try {
    await file.writeFile(manifestText(manifest))
    await file.datasync()
  } finally {
    await file.close()
  }
}
