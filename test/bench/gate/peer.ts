import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Seconds, and what came out. */
export type PeerResult = readonly [seconds: number, value: readonly number[]]
export interface Peer {
  readonly version: string
  readonly results: Readonly<Record<string, PeerResult>>
}

const run = promisify(execFile)
const script = fileURLToPath(new URL('reference.py', import.meta.url))

/** The first python3 that has NumPy (Debian: python3-numpy); undefined where there is none. */
async function pythonWithNumpy(): Promise<string | undefined> {
  for (const python of ['python3', '/usr/bin/python3'])
    if (
      await run(python, ['-c', 'import numpy']).then(
        () => true,
        () => false,
      )
    )
      return python
  return undefined
}

/** Runs the reference on these arrays, in a process of its own. */
export async function numpyPeer(
  arrays: Readonly<Record<string, Int32Array | Float32Array | Float64Array>>,
  meta: object,
): Promise<Peer | undefined> {
  const python = await pythonWithNumpy()
  if (python === undefined) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'panal-bench-gate-'))
  try {
    for (const [name, values] of Object.entries(arrays))
      await writeFile(join(folder, name), new Uint8Array(values.buffer))
    await writeFile(join(folder, 'meta.json'), JSON.stringify(meta))
    const { stdout } = await run(python, [script, folder], { maxBuffer: 2 ** 24 })
    const { numpy, ...results } = JSON.parse(stdout) as { numpy: string } & Record<string, PeerResult>
    return { version: `NumPy ${numpy}`, results }
  } finally {
    await rm(folder, { recursive: true })
  }
}
