import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { residentBytes } from '../server-process.ts'

const preload = fileURLToPath(new URL('./collect-on-signal.mjs', import.meta.url))

/** Flags with which a process of Node can be asked for `settledBytes`. */
export const collectable: readonly string[] = ['--expose-gc', '--import', preload]

/** Resident memory of a process after its garbage is collected and given back, bytes. */
export async function settledBytes(pid: number): Promise<number> {
  // What the first leaves to finalizers, the second takes.
  for (let i = 0; i < 2; i++) {
    process.kill(pid, 'SIGUSR2')
    await sleep(400)
  }
  return residentBytes(pid)
}
