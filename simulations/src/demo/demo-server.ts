import { readdir, rm, writeFile } from 'node:fs/promises'
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
  if (!keep) await beginAfresh(dataFolder)
  return startServer(loaded.config)
}

/** Marks a folder that a demo made: only such a one is ever emptied, and never the data directory of a real server. */
const marker = 'panal-demo'
/** What such a folder may hold. Anything else in it is somebody's, and nothing is deleted. */
const ours =
  /^(panal-demo|panal\.db(-wal|-shm|-journal|\.sums(\.new)?)?|blobs|uploads|keys|temp|admin\.token|server\.pid|lock\.db(-journal)?)$/
/** Last to stay: without the marker nobody could empty the rest, without the lock a second demo could begin. */
const isKept = (name: string): boolean => name === marker || name.startsWith('lock.db')

async function beginAfresh(folder: string): Promise<void> {
  const found = await readdir(folder).catch((): string[] => [])
  const foreign = found.filter((name) => !ours.test(name))
  const why =
    foreign.length > 0
      ? `holds files that are not a demo's (${foreign.slice(0, 3).join(', ')})`
      : found.length > 0 && !found.includes(marker)
        ? `was not made by a demo (it has no file ${marker})`
        : undefined
  if (why !== undefined)
    throw new StartupError(
      'invalid-config',
      `${folder} ${why}, so it is not emptied. Delete it yourself, choose another with --data-dir, or go on in it with --keep.`,
    )
  // Taken first: a demo that is running on this folder keeps what it has.
  const taken = await openDataDir(folder)
  try {
    await writeFile(join(folder, marker), 'A demo of Panal made this folder, and the next one empties it.\n')
    for (const name of found) if (!isKept(name)) await rm(join(folder, name), { recursive: true, force: true })
  } finally {
    taken.close()
  }
}
