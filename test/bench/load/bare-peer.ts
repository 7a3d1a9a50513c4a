import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cpuSeconds } from '../server-process.ts'
import { Connection } from './connection.ts'
import { onSchedule } from './schedule.ts'
import { collectable, settledBytes } from './settled-memory.ts'
import { Timings } from './timings.ts'

const script = fileURLToPath(new URL('./bare-server.ts', import.meta.url))

/** What idle clients cost a Socket.IO server with nothing behind it, here and now. */
export interface BarePeer {
  /** Resident memory of one, bytes. */
  readonly clientBytes: number
  /** Processor time of one connecting, ms. */
  readonly cpuMs: number
  /** From the moment a client was due to begin to its being connected, ms. */
  readonly connects: Timings
}

/** @param count of clients; the first fifth find room that the start left, the others are measured */
export async function measureBarePeer(count: number, perSecond: number): Promise<BarePeer> {
  const child = spawn(process.execPath, [...collectable, '--import', 'tsx', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const connections: Connection[] = []
  const connects = new Timings()
  try {
    const [port] = (await once(child.stdout, 'data')) as [Buffer]
    const url = `http://127.0.0.1:${port.toString().trim()}`
    const ignore = () => undefined
    const connect = (howMany: number) =>
      onSchedule(Array.from({ length: howMany }), perSecond, async (_, dueAt) => {
        connections.push(await Connection.open(url, ignore, ignore))
        connects.add(performance.now() - dueAt)
      })
    const numFirst = Math.floor(count / 5)
    const numOthers = count - numFirst
    await connect(numFirst)
    const bytes = await settledBytes(child.pid!)
    const cpu = await cpuSeconds(child.pid!)
    await connect(numOthers)
    const cpuMs = (1000 * ((await cpuSeconds(child.pid!)) - cpu)) / numOthers
    return { clientBytes: ((await settledBytes(child.pid!)) - bytes) / numOthers, cpuMs, connects }
  } finally {
    for (const connection of connections) connection.close()
    child.kill()
    await ended
  }
}
