import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerProcess } from './server-process.ts'

/** Resident memory over time, bytes, every 50 ms. */
export function watchMemory(server: Pick<ServerProcess, 'residentBytes'>) {
  const stop = new AbortController()
  const samples: number[] = []
  const watching = (async () => {
    while (!stop.signal.aborted) {
      samples.push(await server.residentBytes())
      await sleep(50, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  })()
  return {
    async stop(): Promise<readonly number[]> {
      stop.abort()
      await watching
      return samples
    },
  }
}
