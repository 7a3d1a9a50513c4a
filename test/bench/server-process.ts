import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A server in a process of its own, so that its memory and its core are its own, too. */
export interface ServerProcess {
  readonly url: string
  /** An operator's token. */
  readonly token: string
  /** Resident memory now, bytes. */
  residentBytes(): Promise<number>
  stop(): Promise<void>
}

const panal = fileURLToPath(new URL('../../server/bin/panal.js', import.meta.url))

/** @param nodeArgs flags of Node, such as those of its profiler */
export async function startServerProcess(dataFolder: string, nodeArgs: readonly string[] = []): Promise<ServerProcess> {
  const port = await freePort()
  const args = ['start', '--port', String(port), '--data', dataFolder, '--log-level', 'error']
  const child = spawn(process.execPath, [...nodeArgs, panal, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  await Promise.race([
    isReady(url),
    ended.then(([code]) => {
      throw new Error(`the server ended with ${String(code)} before it was ready`)
    }),
  ])
  const token = (await readFile(join(dataFolder, 'admin.token'), 'utf8')).trim()
  return {
    url,
    token,
    async residentBytes() {
      const status = await readFile(`/proc/${child.pid!}/status`, 'utf8')
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function isReady(url: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined)
    if (answer?.ok === true) return
    await sleep(100)
  }
  throw new Error(`${url} did not become ready within 30 s`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
