import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** SHA-256 of every source below a folder, by its path from there: what is changed, added, removed or renamed changes it. */
export function digestOfSources(folders: readonly string[]): string {
  const hash = createHash('sha256')
  for (const folder of folders)
    for (const path of sourcesBelow(folder)) {
      const bytes = readFileSync(path)
      hash.update(`${relative(folder, path).split(sep).join('/')} ${bytes.length}\n`).update(bytes)
    }
  return hash.digest('hex')
}

const sourcesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()

const rootOf = (name: string): string => dirname(createRequire(import.meta.url).resolve(name))

let digest: string | undefined

/**
 * Of the code that makes a run's bytes, as it was when the process first asked: devices, server and simulations, whose sources are
 * what runs, in a work tree with changes of its own as well as where npm has installed them.
 */
export const codeDigest = (): string =>
  (digest ??= digestOfSources([
    rootOf('@panal/client-core'),
    rootOf('@panal/server'),
    fileURLToPath(new URL('..', import.meta.url)),
  ]))
