import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '@panal/server'

/** Temp file, fsync, rename, fsync of the folder: the file is the old one or the new one, whenever the power fails. */
export async function writeDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  const partial = `${path}.partial`
  const file = await open(partial, 'w')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(partial, path)
  await syncFolder(dirname(path))
}
