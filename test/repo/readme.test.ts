import { existsSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { readTracked, root } from './tracked-files.ts'

interface Package {
  readonly scripts?: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
}

const readme = readTracked('README.md')
const scripts = Object.keys((JSON.parse(readTracked('package.json')) as Package).scripts ?? {})
const bins = ['server', 'simulations'].flatMap((part) =>
  Object.entries((JSON.parse(readTracked(`${part}/package.json`)) as Package).bin ?? {}).map(([name, path]) => ({
    name,
    path: `${part}/${path}`,
  })),
)

/** Lines of the README's shell blocks, and its inline code. */
const code = [...readme.matchAll(/```(?:sh|bash|console|)\n([\s\S]*?)```|`([^`\n]+)`/g)].flatMap(([, block, inline]) =>
  (block ?? inline ?? '').split(/\n|&&/).map((line) => line.replace(/^\s*\$\s*/, '').trim()),
)
const found = (pattern: RegExp) => code.flatMap((line) => pattern.exec(line)?.[1] ?? [])

describe('README', () => {
  it('names only npm scripts that exist', () => {
    const named = [...found(/^npm run ([\w:-]+)/), ...found(/^npm (test|start)\b/)]
    expect(named).toContain('demo')
    expect(named.filter((name) => !scripts.includes(name))).toEqual([])
  })

  it('names only programs that exist', () => {
    const known = bins.map(({ name }) => name)
    const named = found(/^npx (?:--\S+ )*([\w-]+)/)
    expect(named.filter((name) => !known.includes(name))).toEqual([])
    expect(bins.filter(({ path }) => !existsSync(`${root}/${path}`))).toEqual([])
  })

  it('links only to files that are there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, path]) => path!)
    expect(links.filter((path) => !existsSync(`${root}/${path}`))).toEqual([])
  })
})
