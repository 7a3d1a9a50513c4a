import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Connection } from './connection.ts'
import { collectable, settledBytes } from './settled-memory.ts'

const script = fileURLToPath(new URL('./bare-server.ts', import.meta.url))

/** Resident memory that one idle client costs a bare Socket.IO server here and now, bytes. */
export async function bareClientBytes(count: number): Promise<number> {
  const child = spawn(process.execPath, [...collectable, '--import', 'tsx', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const connections: Connection[] = []
  try {
    const [port] = (await once(child.stdout, 'data')) as [Buffer]
    const url = `http://127.0.0.1:${port.toString().trim()}`
    const connect = async (upTo: number): Promise<void> => {
      while (connections.length < upTo) {
        const batch = Array.from({ length: Math.min(100, upTo - connections.length) }, () =>
          Connection.open(
            url,
            () => undefined,
            () => undefined,
          ),
        )
        connections.push(...(await Promise.all(batch)))
      }
    }
    const numFirst = Math.floor(count / 5)
    await connect(numFirst)
    const ofFirst = await settledBytes(child.pid!)
    await connect(count)
    return ((await settledBytes(child.pid!)) - ofFirst) / (count - numFirst)
  } finally {
    for (const connection of connections) connection.close()
    child.kill()
    await ended
  }
}
