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

/** @param count of clients: some find room that the start left, some connect on a schedule, the others as fast as they can */
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
    const connect = async () => void connections.push(await Connection.open(url, ignore, ignore))
    const numFirst = Math.floor(count / 10)
    await onSchedule(Array.from({ length: numFirst }), perSecond, connect)
    const bytes = await settledBytes(child.pid!)
    const cpu = await cpuSeconds(child.pid!)
    const numTimed = Math.floor(count / 4)
    await onSchedule(Array.from({ length: numTimed }), perSecond, async (_, dueAt) => {
      await connect()
      connects.add(performance.now() - dueAt)
    })
    const cpuMs = (1000 * ((await cpuSeconds(child.pid!)) - cpu)) / numTimed
    while (connections.length < count) await Promise.all(Array.from({ length: 50 }, connect))
    const clientBytes = ((await settledBytes(child.pid!)) - bytes) / (connections.length - numFirst)
    return { clientBytes, cpuMs, connects }
  } finally {
    for (const connection of connections) connection.close()
    child.kill()
    await ended
  }
}
