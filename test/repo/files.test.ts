import { basename, dirname } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { readTracked, trackedFiles } from './tracked-files.ts'

const files = trackedFiles()
const isSource = (path: string) => /\.(ts|tsx|js|mjs)$/.test(path)
const sources = files.filter(isSource)
const numLines = (path: string) => readTracked(path).trimEnd().split('\n').length

describe('source files', () => {
  it('the listing finds the sources', () => {
    expect(sources.length).toBeGreaterThan(40)
  })

  it('hold one idea: at most 300 lines each', () => {
    const long = sources.filter((path) => !path.startsWith('test/') && numLines(path) > 300)
    expect(long.map((path) => `${path}: ${numLines(path)}`)).toEqual([])
  })

  it('have kebab-case names', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.(ts|tsx|js|mjs)$/
    expect(sources.filter((path) => !kebab.test(basename(path)))).toEqual([])
  })

  it('have names that say what is inside', () => {
    const vague = /^(utils?|helpers?|managers?|common|misc|shared)$/
    const isVague = (path: string) => path.split('/').some((part) => vague.test(part.replace(/\..*$/, '')))
    expect(sources.filter(isVague)).toEqual([])
  })

  it('postpone and silence nothing', () => {
    // Spelt in pieces, so that this file does not find itself.
    const marks = ['TO' + 'DO', 'FIX' + 'ME', '@ts-' + 'ignore', '@ts-' + 'expect-error', 'eslint-' + 'disable']
    const silenced = new RegExp(`${marks.join('|')}|\\b(it|test|describe)\\.(${['skip', 'only', 'todo'].join('|')})\\b`)
    const found = sources.flatMap((path) =>
      readTracked(path)
        .split('\n')
        .map((line, index) => ({ line, at: `${path}:${index + 1}` }))
        .filter(({ line }) => silenced.test(line)),
    )
    expect(found).toEqual([])
  })
})

describe('tests', () => {
  it('lie where one of the projects finds them', () => {
    const tests = files.filter((path) => /\.test\.tsx?$/.test(path))
    const stray = tests.filter((path) => !/^test\/(unit|contracts|property|repo|e2e|faults)\//.test(path))
    expect(stray).toEqual([])
  })

  it('are named after their folder’s part, in unit', () => {
    const parts = ['client-core', 'server', 'client-web', 'simulations']
    const folders = files.filter((path) => path.startsWith('test/unit/')).map((path) => dirname(path).split('/')[2])
    expect(folders.filter((folder) => folder === undefined || !parts.includes(folder))).toEqual([])
  })
})
