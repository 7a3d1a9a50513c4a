import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock } from '@panal/client-core'
import { AuditLog } from '../audit/audit-log.ts'
import { StartupError } from '../startup-error.ts'
import { dataFolder, totalBytes, verifyBackup, type Manifest } from './backup-manifest.ts'
import { BlobFiles, syncFolder } from './blob-files.ts'
import { DataError, requireDataDirectory, type Tell } from './data-error.ts'
import { openDataDir, restoringName, type DataDir } from './data-dir.ts'
import { openDatabase } from './database.ts'
import { copyFile, exists, filesBelow, syncTree } from './hashed-files.ts'
import { ReadOnlyDatabase } from './read-only.ts'

export interface RestoreOptions {
  /** The directory may hold something: that is moved aside, into a folder `before-restore-<n>` of it. */
  readonly force: boolean
  readonly clock: Clock
  readonly tell: Tell
}

/** In a data directory whether or not anything was ever kept there. */
const isEmptyState = (name: string): boolean => /^(lost\+found|lock\.db.*|server\.pid|temp)$/.test(name)

/**
 * Makes a data directory what it was when the backup was taken. The backup is verified whole before anything is
 * touched, and every file again while it is copied; cut off at any point, the directory does not start until the
 * restore was repeated. Leaves a row in the audit trail.
 * @throws DataError 'not-a-backup' | 'backup-damaged' | 'target-exists', or StartupError 'data-dir-in-use' |
 * 'database-too-new'
 */
export async function restore(backup: string, data: string, options: RestoreOptions): Promise<Manifest> {
  const { force, clock, tell } = options
  const manifest = await verifyBackup(resolve(backup), tell)
  const root = resolve(data)
  if (!force && (await hasFiles(root)))
    throw new DataError(
      'target-exists',
      `${root} holds something. Restore into an empty folder, or give --force to move what is there aside.`,
    )
  const dataDir = await openDataDir(root)
  try {
    const staged = join(dataDir.temp, 'restore')
    await copyAll(resolve(backup), staged, manifest, tell)
    requireNotTooNew(join(staged, 'panal.db'))
    await writeFile(join(root, restoringName), `${resolve(backup)}\n`)
    await syncFolder(root)
    await moveAside(root)
    for (const name of await readdir(staged)) await rename(join(staged, name), join(root, name))
    await syncTree(root)
    await noteInAudit(dataDir, manifest, clock)
    await rm(join(root, restoringName))
    await syncFolder(root)
    return manifest
  } finally {
    dataDir.close()
  }
}

const hasFiles = async (root: string): Promise<boolean> =>
  (await exists(root)) && (await filesBelow(root, isEmptyState)).length > 0

async function copyAll(backup: string, staged: string, manifest: Manifest, tell: Tell): Promise<void> {
  await mkdir(staged, { mode: 0o700 })
  const ofBytes = totalBytes(manifest)
  let bytes = 0
  for (const { path, numBytes, sha256 } of manifest.files) {
    const copied = await copyFile(join(backup, dataFolder, path), join(staged, path))
    if (copied.sha256 !== sha256)
      throw new DataError('backup-damaged', `${path} of the backup changed while it was read. Nothing was restored.`)
    bytes += numBytes
    tell({ doing: 'restoring', bytes, ofBytes })
  }
  await syncTree(staged)
}

/** An older version's database is brought up to date when it is opened. */
function requireNotTooNew(databaseFile: string): void {
  const db = new ReadOnlyDatabase(databaseFile)
  try {
    if (db.isTooNew())
      throw new StartupError(
        'database-too-new',
        'A newer version of Panal made this backup. Restore it with that version. Nothing was restored.',
      )
  } finally {
    db.close()
  }
}

/** Nothing is deleted: a restore of the wrong backup must not cost the right data. */
async function moveAside(root: string): Promise<void> {
  const isKept = (name: string) => isEmptyState(name) || name === restoringName || name.startsWith('before-restore-')
  const names = await readdir(root)
  const old = names.filter((name) => !isKept(name))
  // The folders that opening the directory has made are in the way, and empty.
  for (const name of old) await rmdir(join(root, name)).catch(() => undefined)
  const left = (await readdir(root)).filter((name) => !isKept(name))
  if (left.length === 0) return
  const numbers = names.flatMap((name) => /^before-restore-(\d+)$/.exec(name)?.[1] ?? []).map(Number)
  const aside = join(root, `before-restore-${Math.max(0, ...numbers) + 1}`)
  await mkdir(aside, { mode: 0o700 })
  for (const name of left) await rename(join(root, name), join(aside, name))
}

async function noteInAudit({ databaseFile }: DataDir, manifest: Manifest, clock: Clock): Promise<void> {
  const db = await openDatabase(databaseFile)
  try {
    const { takenAt, auditHead, codeVersion } = manifest
    new AuditLog({ db, clock }).append({
      actor: 'panal restore',
      action: 'restored',
      detail: { takenAt, seq: auditHead.seq, codeVersion },
    })
  } finally {
    db.close()
  }
}

/**
 * Puts back blobs that are damaged or gone, and touches nothing else: they are named by their digests, so any backup's
 * are right, also while a server runs. Those that are damaged in the backup too stay as they are.
 * @returns digests that were put back
 */
export async function restoreBlobs(backup: string, data: string, tell: Tell): Promise<string[]> {
  const blobs = join(resolve(data), 'blobs')
  requireDataDirectory(data)
  const from = new BlobFiles({ blobs: join(resolve(backup), dataFolder, 'blobs'), temp: '' })
  const to = new BlobFiles({ blobs, temp: join(resolve(data), 'temp') })
  const paths = await filesBelow(join(resolve(backup), dataFolder, 'blobs')).catch(() => {
    throw new DataError('not-a-backup', `${resolve(backup)} is no backup of Panal: it has no blobs.`)
  })
  const mended: string[] = []
  for (const [i, path] of paths.entries()) {
    const sha256 = path.slice(path.lastIndexOf('/') + 1)
    if (!(await isSound(to, sha256)) && (await isSound(from, sha256))) {
      await to.put(await from.read(sha256))
      mended.push(sha256)
    }
    tell({ doing: 'comparing blobs', bytes: i + 1, ofBytes: paths.length })
  }
  return mended
}

const isSound = (blobs: BlobFiles, sha256: string): Promise<boolean> =>
  blobs.verify(sha256).then(
    () => true,
    () => false,
  )
