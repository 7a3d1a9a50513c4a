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
  readonly pid: number
  /** An operator's token. */
  readonly token: string
  /** Resident memory now, bytes. */
  residentBytes(): Promise<number>
  /** Processor time so far, of the process and of the kernel for it, seconds. */
  cpuSeconds(): Promise<number>
  stop(): Promise<void>
}

const panal = fileURLToPath(new URL('../../server/bin/panal.js', import.meta.url))

export interface ProcessOptions {
  /** Flags of Node, such as those of its profiler. */
  readonly nodeArgs?: readonly string[]
  /** Settings of `panal start`. */
  readonly settings?: readonly string[]
}

export async function startServerProcess(
  dataFolder: string,
  { nodeArgs = [], settings = [] }: ProcessOptions = {},
): Promise<ServerProcess> {
  const port = await freePort()
  const args = ['start', '--port', String(port), '--data', dataFolder, '--log-level', 'error', ...settings]
  const child = spawn(process.execPath, [...nodeArgs, panal, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  // It must not outlive whoever started it, however that ends.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  void ended.then(() => process.off('exit', kill))
  const url = `http://127.0.0.1:${port}`
  await Promise.race([
    isReady(url),
    ended.then(([code]) => {
      throw new Error(`the server ended with ${String(code)} before it was ready`)
    }),
  ])
  const token = (await readFile(join(dataFolder, 'admin.token'), 'utf8')).trim()
  const pid = child.pid!
  return {
    url,
    pid,
    token,
    residentBytes: () => residentBytes(pid),
    cpuSeconds: () => cpuSeconds(pid),
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Resident memory of a process, bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024
}

/** Linux counts processor time in hundredths of a second, whatever the kernel's own clock does. */
const ticksPerSecond = 100

/** Processor time of a process so far, seconds. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name before it is in parentheses and may hold anything: utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
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
