import { readFile } from 'node:fs/promises'

/**
 * Ends the run before it starts if this process, and so the server that it starts, may not hold so many connections:
 * Node raises its own limit as far as it may, so what is left is the machine's.
 * @throws Error that says what to do
 */
export async function requireOpenFiles(needed: number): Promise<void> {
  const limits = await readFile('/proc/self/limits', 'utf8')
  const allowed = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity)
  if (allowed < needed)
    throw new Error(
      `this needs ${needed} open files for each process and may have ${allowed}: ` +
        `run \`ulimit -n ${needed}\` first (as root where the hard limit is lower), or ask for fewer with --idle`,
    )
}
