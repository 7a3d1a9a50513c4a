import type { ServerProcess } from '../server-process.ts'
import { watchMemory } from '../watch-memory.ts'

/** What the server did while one part of the load ran. */
export interface Stage {
  readonly name: string
  readonly wallMs: number
  readonly cpuSeconds: number
  /** Resident memory, bytes. */
  readonly before: number
  readonly peak: number
  readonly after: number
}

/** Runs one part of the load and measures the server meanwhile. */
export async function stage<Result>(
  server: ServerProcess,
  stages: Stage[],
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  console.error(`${(performance.now() / 1000).toFixed(0)} s: ${name} …`)
  const [before, cpuBefore] = [await server.residentBytes(), await server.cpuSeconds()]
  const memory = watchMemory(server)
  const startedAt = performance.now()
  try {
    return await work()
  } finally {
    const wallMs = performance.now() - startedAt
    const cpuSeconds = (await server.cpuSeconds()) - cpuBefore
    const samples = await memory.stop()
    stages.push({ name, wallMs, cpuSeconds, before, peak: Math.max(...samples), after: await server.residentBytes() })
  }
}
