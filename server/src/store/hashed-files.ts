import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from './blob-files.ts'

/** A file below some folder, and what is in it. */
export interface HashedFile {
  /** Relative, with `/`. */
  readonly path: string
  readonly numBytes: number
  readonly sha256: string
}

/** Digest and length of a file as it is read back. */
export async function hashFile(file: string): Promise<{ sha256: string; numBytes: number }> {
  const hash = createHash('sha256')
  let numBytes = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 512 * 1024 }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    numBytes += chunk.length
  }
  return { sha256: hash.digest('hex'), numBytes }
}

/** Copies a file while hashing it; its bytes are on the disk when it resolves, its name once the folder is synced. */
export async function copyFile(from: string, to: string): Promise<{ sha256: string; numBytes: number }> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  const target = await open(to, 'wx', 0o600)
  try {
    const hash = createHash('sha256')
    let numBytes = 0
    for await (const chunk of createReadStream(from, { highWaterMark: 512 * 1024 }) as AsyncIterable<Buffer>) {
      hash.update(chunk)
      await target.writeFile(chunk)
      numBytes += chunk.length
    }
    await target.datasync()
    return { sha256: hash.digest('hex'), numBytes }
  } finally {
    await target.close()
  }
}

/** Every file below a folder, as relative paths in order. Those that `skip` names, with all below them, are left out. */
export async function filesBelow(folder: string, skip: (path: string) => boolean = () => false): Promise<string[]> {
  const walk = async (path: string): Promise<string[]> => {
    const entries = await readdir(join(folder, path), { withFileTypes: true })
    const found: string[] = []
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const below = path === '' ? entry.name : `${path}/${entry.name}`
      if (skip(below)) continue
      if (entry.isDirectory()) found.push(...(await walk(below)))
      else if (entry.isFile()) found.push(below)
    }
    return found
  }
  return walk('')
}

/** Makes the names of all files and folders below a folder, and its own, survive a power cut. */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await syncTree(join(folder, entry.name))
  await syncFolder(folder)
  await syncFolder(dirname(folder))
}

export const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined
