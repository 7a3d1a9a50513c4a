import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** What a process says when it is warm, and after each run. */
export interface Said {
  readonly version?: string
  readonly failed?: string
  readonly cpuSeconds?: number
  readonly peakBytes?: number
}

export interface Run {
  readonly seconds: number
  /** Of all processes together. */
  readonly cpuSeconds: number
  /** Of the largest process, the most that it has held. */
  readonly peakBytes: number
}

/** Processes that do the same work at the same time. */
export interface Workers {
  readonly version: string | undefined
  /** Until the last of them is done. @throws Error with what it said that failed */
  run(): Promise<Run>
  stop(): Promise<void>
}

export const python = async (): Promise<string | undefined> => {
  for (const name of ['python3', '/usr/bin/python3'])
    if (
      await promisify(execFile)(name, ['-c', 'import torch']).then(
        () => true,
        () => false,
      )
    )
      return name
  return undefined
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
export const torchScript = here('../peers/torch-fedavg.py')
export const deviceScript = here('./device-process.ts')

/** @throws Error with what a process said that failed */
export async function startWorkers(command: string, args: readonly string[], count: number): Promise<Workers> {
  const processes = Array.from({ length: count }, () => new Worker(command, args))
  const stop = async (): Promise<void> => {
    for (const each of processes) await each.stop()
  }
  try {
    const [first] = await Promise.all(processes.map((each) => each.said()))
    return {
      version: first?.version,
      async run() {
        const begun = performance.now()
        const said = await Promise.all(processes.map((each) => each.go()))
        return {
          seconds: (performance.now() - begun) / 1000,
          cpuSeconds: said.reduce((sum, { cpuSeconds = NaN }) => sum + cpuSeconds, 0),
          peakBytes: Math.max(...said.map(({ peakBytes = NaN }) => peakBytes)),
        }
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

class Worker {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #ended: Promise<unknown>

  constructor(command: string, args: readonly string[]) {
    // One thread each: as many processes as there are cores do the work.
    const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }
    this.#child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'ignore'] })
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
    this.#ended = once(this.#child, 'close')
  }

  /** What it says next. */
  async said(): Promise<Said> {
    for (;;) {
      const { value, done } = (await this.#lines.next()) as IteratorResult<string, undefined>
      if (done === true) throw new Error('a process ended')
      if (!value.startsWith('{')) continue // what a library has to say
      const said = JSON.parse(value) as Said
      if (said.failed !== undefined) throw new Error(said.failed)
      return said
    }
  }

  go(): Promise<Said> {
    this.#child.stdin!.write('go\n')
    return this.said()
  }

  async stop(): Promise<void> {
    this.#child.stdin!.end()
    this.#child.kill()
    await this.#ended
  }
}
