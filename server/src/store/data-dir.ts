import { constants, existsSync } from 'node:fs'
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import Libsql from 'libsql'
import { StartupError } from '../startup-error.ts'
import { syncFolder } from './blob-files.ts'
import { lockFile, type FileLock } from './lock-file.ts'
import { makeFolder, removeFolder } from './make-folder.ts'

/** Everything a server keeps, in one folder that one process has open at a time. */
export interface DataDir {
  readonly path: string
  readonly databaseFile: string
  /** Content-addressed files, final. */
  readonly blobs: string
  /** Updates of open rounds, partial ones too: they are resumed after a restart. */
  readonly uploads: string
  /** Files not yet complete, on the same file system as the rest so that a rename is atomic. Emptied at start. */
  readonly temp: string
  /** The server's signing keys. */
  readonly keys: string
  readonly adminTokenFile: string
  /** Lets the next process in. */
  close(): void
  /** The same, for a start that failed: a directory that it made is gone then, one that was there stays. */
  discard(): Promise<void>
}

const lockName = 'lock.db'

/** There while a restore moves files into their places: what lies there then is neither the old state nor the new. */
export const restoringName = 'restoring'

/** Where everything lies in a data directory. */
export function dataFolders(path: string): Omit<DataDir, 'close' | 'discard'> {
  const root = resolve(path)
  return {
    path: root,
    databaseFile: join(root, 'panal.db'),
    blobs: join(root, 'blobs'),
    uploads: join(root, 'uploads'),
    keys: join(root, 'keys'),
    temp: join(root, 'temp'),
    adminTokenFile: join(root, 'admin.token'),
  }
}

/**
 * Creates what is missing, checks that it can be written, and takes the directory for this process.
 * @throws StartupError 'data-dir-in-use' | 'data-dir-not-writable' | 'data-damaged'
 */
export async function openDataDir(path: string): Promise<DataDir> {
  const folders = dataFolders(path)
  const { path: root, blobs, uploads, keys, temp } = folders
  const made = await orNotWritable(root, async () => {
    await refuseForeignFiles(root, temp)
    const topmost = await makeFolder(root)
    for (const folder of [blobs, uploads, keys, temp]) await makeFolder(folder)
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK)
    // Also what was there: whoever made it may have ended before it was synced.
    await syncFolder(root)
    await syncFolder(dirname(root)).catch(() => undefined) // a folder that this user may not read is not theirs to make
    return topmost
  })
  const lock = await takeLock(root)
  try {
    await orNotWritable(root, async () => {
      await rm(temp, { recursive: true, force: true })
      await mkdir(temp, { mode: 0o700 })
      await writeFile(join(root, 'server.pid'), `${process.pid}\n`, { mode: 0o600 })
    })
  } catch (error) {
    lock.close()
    throw error
  }
  const close = () => lock.close()
  return {
    ...folders,
    close,
    async discard() {
      if (made !== undefined) await removeFolder(root, made)
      close()
    },
  }
}

/** `temp` is emptied at start: never one that somebody else keeps files in. A data directory is known by its lock file. */
async function refuseForeignFiles(root: string, temp: string): Promise<void> {
  if (existsSync(join(root, lockName)) || (await filesIn(temp)).length === 0) return
  throw new StartupError(
    'data-dir-not-writable',
    `${root} is no data directory of Panal, and its folder temp, which a start empties, holds files. Choose another directory with --data.`,
  )
}

async function filesIn(folder: string): Promise<string[]> {
  return existsSync(folder) ? readdir(folder) : []
}

async function takeLock(root: string): Promise<FileLock> {
  const file = join(root, lockName)
  return orNotWritable(root, async () => {
    const lock = lockOrSay(file)
    if (lock !== undefined) return lock
    throw new StartupError(
      'data-dir-in-use',
      `Another Panal server${await owner(root)} has the data directory ${root} open. Stop it first, or give this one another directory with --data (the demo: --data-dir).`,
    )
  })
}

function lockOrSay(file: string): FileLock | undefined {
  try {
    return lockFile(file)
  } catch (error) {
    if (!(error instanceof Libsql.SqliteError && error.code === 'SQLITE_NOTADB')) throw error
    throw new StartupError('data-damaged', `${file} should be an empty file. Delete it and start again.`, {
      cause: error,
    })
  }
}

async function owner(root: string): Promise<string> {
  const pid = await readFile(join(root, 'server.pid'), 'utf8').catch(() => '')
  return /^\d+\n$/.test(pid) ? ` (process ${pid.trim()})` : ''
}

async function orNotWritable<Result>(root: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StartupError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new StartupError(
      'data-dir-not-writable',
      `The data directory ${root} cannot be used (${why}). Make it a folder that this user may write, or choose another with --data.`,
      { cause: error },
    )
  }
}
