import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { codeVersion } from '@panal/server'
import { codeDigest } from './code-digest.ts'
import type { ResourceUse } from '../results/run-record.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const packages = [
  'onnxruntime-node',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-layers',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-cpu',
]

/** Of all that may change a result. */
export const versions = (): Record<string, string> => ({
  panal: codeVersion(),
  code: codeDigest(),
  node: process.versions.node,
  ...Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
})

/** Not every package lets its package.json be imported: it is looked for above the file that is. */
function versionOf(name: string): string {
  for (let folder = dirname(createRequire(import.meta.url).resolve(name)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    const found = existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string })
      : {}
    if (found.name === name) return found.version ?? 'unknown'
    if (dirname(folder) === folder) return 'unknown'
  }
}

/** Of the sources that run, with `+changes` where a file differs from it; null outside a work tree. */
export async function gitCommit(): Promise<string | null> {
  const git = async (...args: string[]) => (await promisify(execFile)('git', args, { cwd: here })).stdout.trim()
  try {
    const [commit, changes] = await Promise.all([git('rev-parse', 'HEAD'), git('status', '--porcelain')])
    return changes === '' ? commit : `${commit}+changes`
  } catch {
    return null // no git, or no repository
  }
}

/** Of this process so far. */
export function resourcesSoFar(): Pick<ResourceUse, 'cpuMs' | 'peakMemoryBytes'> {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  return { cpuMs: Math.round((userCPUTime + systemCPUTime) / 1000), peakMemoryBytes: maxRSS * 1024 }
}

export const machine = (): Pick<ResourceUse, 'numCores' | 'machine'> => ({
  numCores: availableParallelism(),
  machine: cpus()[0]?.model ?? process.arch,
})
