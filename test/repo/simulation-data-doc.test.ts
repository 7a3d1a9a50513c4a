import { describe, expect, it } from '@jest/globals'
import { dataFileErrors, dataSources, partitionErrors, partitioners, resultWriters } from '@panal/simulations'
import { readTracked } from './tracked-files.ts'

const page = readTracked('docs/simulation-data.md')

/** The cells of each table of the page, without its header. */
const tables = [...page.matchAll(/(?:^\|.*\|\n)+/gm)].map(([table]) =>
  table
    .trimEnd()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    ),
)
const named = (cell: string | undefined): string => /^`([a-z-]+)`$/.exec(cell ?? '')?.[1] ?? ''
const [sources, dataErrors, partitions, dealErrors, formats] = tables

describe('docs/simulation-data.md', () => {
  it.each([
    ['data sources', sources, dataSources],
    ['partitioners', partitions, partitioners],
  ])('lists the %s with their options', (_, rows, registry) => {
    const documented = rows!.map(([name, options]) => [named(name), options!] as const)
    expect(documented.map(([name]) => name)).toEqual(Object.keys(registry))
    for (const [name, options] of documented) {
      const copied = /^as `([a-z-]+)`$/.exec(options)?.[1]
      const said = copied === undefined ? options : documented.find(([other]) => other === copied)![1]
      const policies: Readonly<Record<string, { readonly options: object }>> = registry
      const missing = Object.keys(policies[name]!.options).filter((option) => !said.includes(`\`${option}\``))
      expect([name, missing]).toEqual([name, []])
    }
  })

  it('lists the formats of results', () => {
    expect(formats!.map(([name]) => named(name))).toEqual(Object.keys(resultWriters))
  })

  it.each([
    ['data', dataErrors, dataFileErrors],
    ['partitions', dealErrors, partitionErrors],
  ])('lists each code that %s are refused with, its meaning and what to do, and no other', (_, rows, codes) => {
    expect(Object.fromEntries(rows!.map(([code, meaning]) => [named(code), meaning]))).toEqual(codes)
    expect(rows!.filter(([, , advice]) => advice!.length < 10)).toEqual([])
  })
})
