import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { residentBytes } from '../server-process.ts'
import { Connection } from './connection.ts'

const script = fileURLToPath(new URL('./bare-server.ts', import.meta.url))

/** Resident memory that one idle client costs a bare Socket.IO server here and now, bytes. */
export async function bareClientBytes(count: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const connections: Connection[] = []
  try {
    const [port] = (await once(child.stdout, 'data')) as [Buffer]
    const url = `http://127.0.0.1:${port.toString().trim()}`
    const before = await residentBytes(child.pid!)
    while (connections.length < count) {
      const batch = Array.from({ length: Math.min(100, count - connections.length) }, () =>
        Connection.open(
          url,
          () => undefined,
          () => undefined,
        ),
      )
      connections.push(...(await Promise.all(batch)))
    }
    await sleep(1_000)
    return ((await residentBytes(child.pid!)) - before) / count
  } finally {
    for (const connection of connections) connection.close()
    child.kill()
    await ended
  }
}
