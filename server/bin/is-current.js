// Plain JavaScript, for it runs before anything is compiled.
import { readdirSync, statSync } from 'node:fs'

/**
 * Whether a compiled file is newer than all that it was compiled from. A folder's own time tells of files that are gone.
 * @param {URL} compiled
 * @param {readonly URL[]} sources files and folders
 * @returns {boolean} false, too, where there is no compiled file
 */
export function isCurrent(compiled, sources) {
  const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs
  const compiledAt = changedAt(compiled)
  if (compiledAt === undefined) return false
  const isOlder = (path) => (changedAt(path) ?? Infinity) < compiledAt
  const below = (folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).map(({ parentPath, name }) => `${parentPath}/${name}`)
  return sources.every((source) => isOlder(source) && (!source.pathname.endsWith('/') || below(source).every(isOlder)))
}
