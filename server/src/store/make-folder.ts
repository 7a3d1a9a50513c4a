import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder, and those above it, readable by this user only. Node's own `recursive` never comes back where a
 * folder above can be seen but not made: a link to a disk that is not mounted, /proc.
 * @throws the file system's error
 */
export async function makeFolder(path: string): Promise<void> {
  if (await isMade(path)) return
  await makeFolder(dirname(path))
  await mkdir(path, { mode: 0o700 })
}

/** Makes one folder, or finds it there. @returns false when the folder above is missing */
async function isMade(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && dirname(path) !== path) return false
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return true
    throw error
  }
}
