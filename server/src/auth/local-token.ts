import { randomUUID } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DataDir } from '../store/data-dir.ts'
import type { Tokens } from './tokens.ts'

/**
 * A fresh token in `<data directory>/admin.token`, readable by this user only, so that the CLI on this machine needs no
 * other credential. It is an owner's: who can read the file could rewrite the database beside it.
 */
export async function writeLocalToken(
  dataDir: Pick<DataDir, 'temp' | 'adminTokenFile'>,
  tokens: Pick<Tokens, 'replace'>,
): Promise<void> {
  const { secret } = tokens.replace({ name: 'local', role: 'owner' })
  // Renamed into place: the CLI reads the old token or the new one, never half of one.
  const temp = join(dataDir.temp, randomUUID())
  await writeFile(temp, `${secret}\n`, { mode: 0o600 })
  await rename(temp, dataDir.adminTokenFile)
}
