import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { loadConfig, openDataDir, startServer, StartupError, type RunningServer } from '@panal/server'

export interface DemoServerOptions {
  readonly host: string
  readonly port: number
  readonly dataFolder: string
  /** Go on with what an earlier demo left in the folder. */
  readonly keep: boolean
}

/** The real server, in this process; it logs errors only, for the screen is the table's. @throws StartupError */
export async function startDemoServer({ host, port, dataFolder, keep }: DemoServerOptions): Promise<RunningServer> {
  const flags = { host, port: String(port), data: dataFolder, logLevel: 'error' }
  const loaded = loadConfig({ flags, env: {} })
  if (!loaded.ok) throw new StartupError('invalid-config', loaded.problems.join('; '))
  if (!keep) await forgetEarlierRun(dataFolder)
  return startServer(loaded.config)
}

/** What a data directory may hold. Anything else in the folder is somebody's, and nothing is deleted. */
const ours = /^(panal\.db(-wal|-shm|-journal)?|blobs|uploads|temp|admin\.token|server\.pid|lock\.db(-journal)?)$/

async function forgetEarlierRun(folder: string): Promise<void> {
  const found = await readdir(folder).catch(() => [])
  const foreign = found.filter((name) => !ours.test(name))
  if (foreign.length > 0)
    throw new StartupError(
      'invalid-config',
      `${folder} holds files that are not a demo's (${foreign.slice(0, 3).join(', ')}). Choose another with --data-dir.`,
    )
  if (found.length === 0) return
  // Taken first: a demo that is running on this folder keeps what it has.
  const taken = await openDataDir(folder)
  try {
    for (const name of found) if (!name.startsWith('lock.db')) await rm(join(folder, name), { recursive: true })
  } finally {
    taken.close()
  }
}
