import { mkdtemp, open, rm } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'

/** What this machine needs for the bytes of one round and nothing else, in ms. */
export interface PhysicalLimit {
  /** Writing `numFiles` files of `numBytes` each, every one of them fsynced, four at a time. */
  readonly writeMs: number
  /** Sending the same bytes over as many loopback connections, all open at once. */
  readonly loopbackMs: number
}

export async function physicalLimit(numFiles: number, numBytes: number, folder = tmpdir()): Promise<PhysicalLimit> {
  const bytes = Buffer.alloc(numBytes, 0x5a)
  const [writeMs, loopbackMs] = [
    await median(3, () => writeFiles(numFiles, bytes, folder)),
    await median(3, () => sendAll(numFiles, bytes)),
  ]
  return { writeMs, loopbackMs }
}

async function median(times: number, run: () => Promise<number>): Promise<number> {
  const measured: number[] = []
  for (let i = 0; i < times; i++) measured.push(await run())
  return measured.sort((a, b) => a - b)[Math.floor(times / 2)]!
}

async function writeFiles(numFiles: number, bytes: Buffer, parent: string): Promise<number> {
  const folder = await mkdtemp(join(parent, 'panal-bench-'))
  try {
    const startedAt = performance.now()
    let next = 0
    const writer = async () => {
      while (next < numFiles) {
        const file = await open(join(folder, String(next++)), 'w')
        await file.write(bytes)
        await file.sync()
        await file.close()
      }
    }
    await Promise.all(Array.from({ length: 4 }, writer))
    return performance.now() - startedAt
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function sendAll(numConnections: number, bytes: Buffer): Promise<number> {
  const server = createServer((socket) => {
    socket.resume()
    socket.on('end', () => socket.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: numConnections }, async () => {
      const socket = connect(port, '127.0.0.1')
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.resume()
      await pipeline(Readable.from(chunks(bytes)), socket)
      await closed
    }),
  )
  const elapsed = performance.now() - startedAt
  server.close()
  return elapsed
}

function* chunks(bytes: Buffer): Generator<Buffer> {
  const size = 65_536
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
