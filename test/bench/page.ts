import { readFile, writeFile } from 'node:fs/promises'
import { cpus, release } from 'node:os'
import { systemClock } from '@panal/client-core'

const page = new URL('../../docs/benchmarks.md', import.meta.url)

/** When and on what: the first line of everything that is measured. */
export function measuredWhere(): string {
  const date = new Date(systemClock({ setTimeout, clearTimeout }).now()).toISOString().slice(0, 10)
  const [cpu] = cpus()
  return `Measured on ${date}: ${cpus().length} × ${cpu?.model ?? 'unknown CPU'}, Linux ${release()}, Node ${process.version}.`
}

/**
 * Replaces what stands between the marks of one benchmark in docs/benchmarks.md; the words around them are people's.
 * @throws Error when the page has no such marks
 */
export async function writeSection(name: string, text: string): Promise<void> {
  const [begin, end] = [`<!-- bench ${name}: begin -->`, `<!-- bench ${name}: end -->`]
  const old = await readFile(page, 'utf8')
  const [from, to] = [old.indexOf(begin), old.indexOf(end)]
  if (from < 0 || to < from)
    throw new Error(`docs/benchmarks.md has no place for the benchmark ${name}: ${begin} … ${end}`)
  await writeFile(page, `${old.slice(0, from)}${begin}\n\n${text}\n\n${old.slice(to)}`)
}
