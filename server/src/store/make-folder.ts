import { mkdir, rm, rmdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from './blob-files.ts'

/**
 * Makes a folder, and those above it, readable by this user only. Node's own `recursive` never comes back where a
 * folder above can be seen but not made: a link to a disk that is not mounted, /proc. Its name survives a power cut.
 * @returns the topmost that it made; undefined where all were there
 * @throws the file system's error
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  const outcome = await makeOne(path)
  if (outcome !== 'nothing above') return outcome === 'made' ? path : undefined
  const topmost = await makeFolder(dirname(path))
  await makeHere(path)
  return topmost ?? path
}

async function makeHere(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 })
  await syncFolder(dirname(path))
}

async function makeOne(path: string): Promise<'made' | 'there' | 'nothing above'> {
  try {
    await makeHere(path)
    return 'made'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && dirname(path) !== path) return 'nothing above'
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return 'there'
    throw error
  }
}

/** Removes a folder and all that is in it, and those above it up to `topmost`, as long as nothing else is in them. */
export async function removeFolder(path: string, topmost: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
  for (let above = path; above !== topmost;) {
    above = dirname(above)
    if (!(await isRemoved(above))) return
  }
}

const isRemoved = (folder: string): Promise<boolean> =>
  rmdir(folder).then(
    () => true,
    () => false,
  )
