import { describe, expect, it } from '@jest/globals'
import ts from 'typescript'
import { readTracked, trackedFiles } from './tracked-files.ts'

const numFaults = 50

/** The rows of the tables on the page: | number | what arrives or breaks | what it gets | `file`, `file` | */
const documented = readTracked('docs/faults.md')
  .split('\n')
  .map((line) => /^\| +(\d+) \| (.+?) +\| (.+?) +\| (.+?) +\|$/.exec(line))
  .filter((match) => match !== null)
  .map(([, number, what = '', answer = '', where = '']) => ({
    number: Number(number),
    what,
    answer,
    files: [...where.matchAll(/`([^`]+)`/g)].map(([, file]) => file!).sort(),
  }))

/** Numbers with which the names of tests begin, `[F12] …` or `[R3] [F12] …`; in any other place they are talk. */
function faultsNamedIn(path: string): number[] {
  const source = ts.createSourceFile(path, readTracked(path), ts.ScriptTarget.Latest)
  const numbers: number[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) {
      const tags = /^(\[[A-Z]\d+\] )+/.exec(node.text)?.[0] ?? ''
      numbers.push(...[...tags.matchAll(/\[F(\d+)\]/g)].map(([, number]) => Number(number)))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return numbers
}

const tests = trackedFiles().filter((path) => /^test\/.*\.test\.tsx?$/.test(path))
const files = new Map<number, string[]>()
for (const path of tests)
  for (const number of new Set(faultsNamedIn(path))) files.set(number, [...(files.get(number) ?? []), path].sort())

describe('docs/faults.md', () => {
  const numbers = Array.from({ length: numFaults }, (_, index) => index + 1)

  it('lists each fault once, by its number, with what it gets', () => {
    expect(documented.map(({ number }) => number)).toEqual(numbers)
    expect(documented.filter(({ what, answer }) => what.length < 5 || answer.length < 5)).toEqual([])
  })

  it('each fault is the name of a test', () => {
    expect(numbers.filter((number) => !files.has(number))).toEqual([])
  })

  it('says of each fault in which files it is tested, and of no other', () => {
    const rows = Object.fromEntries(documented.map((row) => [row.number, row.files]))
    expect(rows).toEqual(Object.fromEntries(numbers.map((number) => [number, files.get(number) ?? []])))
    expect([...files.keys()].filter((number) => !numbers.includes(number))).toEqual([])
  })
})
