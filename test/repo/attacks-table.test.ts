import { describe, expect, it } from '@jest/globals'
import { attacks } from '../../simulations/src/adversary/registry.ts'
import { readTracked } from './tracked-files.ts'

const page = readTracked('docs/benchmarks.md')
const table = /<!-- bench attacks: begin -->([\s\S]*?)<!-- bench attacks: end -->/.exec(page)![1]!
const [head, , ...rows] = table.split('\n').filter((line) => line.startsWith('|'))
const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

/** Accuracy in points by attack, of one rule. */
function columnOf(rule: string): ReadonlyMap<string, number> {
  const at = cellsOf(head!).indexOf(rule)
  return new Map(rows.map(cellsOf).map((cells) => [cells[0]!, Number(cells[at])]))
}
const attackRows = (column: ReadonlyMap<string, number>) =>
  [...column].filter(([name]) => name !== 'none' && name !== 'least')

describe('the table of attacks in docs/benchmarks.md', () => {
  it('has every attack that there is', () => {
    const named = new Set(attackRows(columnOf('`mean`')).map(([name]) => name.split(/[, ]/)[0]))
    expect([...named].sort()).toEqual(Object.keys(attacks).sort())
  })

  it('shows that the default rule loses less than 5 points to each of them', () => {
    const column = columnOf('`clip, nnm, trimmed-mean`')
    for (const [name, accuracy] of attackRows(column))
      expect([name, column.get('none')! - accuracy < 5]).toEqual([name, true])
  })

  it('shows that the mean loses more to at least three', () => {
    const column = columnOf('`mean`')
    const failed = attackRows(column).filter(([, accuracy]) => column.get('none')! - accuracy > 5)
    expect(failed.length).toBeGreaterThanOrEqual(3)
  })
})
