import { describe, expect, it } from '@jest/globals'
import { markupText, textOf, type CheckRow } from '@panal/client-core'
import { rowBlock } from '../../../../client-core/src/report/sections/row.ts'

const floor: CheckRow = {
  metric: 'accuracy',
  estimate: 0.93,
  interval: [0.92, 0.94],
  level: 0.9,
  n: 1000,
  margin: 0.95,
  verdict: 'BLOCK',
  reason: 'Accuracy is surely under the floor.',
}
const lossInSegment: CheckRow = {
  metric: 'log loss against champion',
  segment: 'Home=rent',
  estimate: -0.14,
  interval: [-0.18, -0.1],
  n: 1236,
  margin: 0.05,
  p: 0.0002,
  adjustedP: 0.001,
  verdict: 'WARN',
  reason: 'Worse beyond chance by log loss, which alone never blocks.',
}

describe('a measurement of the report', () => {
  it('draws the limit of a floor where it is, beyond the bar that does not reach it', () => {
    const drawn = markupText(rowBlock(floor))
    expect(textOf(rowBlock(floor))).toContain('limit 95.0 %')
    // Values are on the line from 92 to 95 %, the limit at its right.
    const place = (pattern: RegExp) => Number(pattern.exec(drawn)?.[1])
    const [limit, end] = [place(/class="limit" x1="([\d.]+)"/), place(/class="interval v-BLOCK"[^>]* x2="([\d.]+)"/)]
    expect(limit).toBeGreaterThan(end)
  })
  it('says of a margin that only warns that it does', () => {
    const blocks = textOf(rowBlock({ ...lossInSegment, verdict: 'BLOCK' }))
    expect(blocks).toContain('too much worse')
    const warns = textOf(rowBlock({ ...lossInSegment, warnsOnly: true }))
    expect(warns).not.toContain('too much worse')
    expect(warns).toContain('worth a warning')
  })
  it('leaves out the p of a hypothesis that did not decide: of "at the limit or more" where it surely is more', () => {
    const violations: CheckRow = { ...floor, metric: 'invariance of Marital', margin: 0.05, p: 1 }
    const facts = (row: CheckRow) => markupText(rowBlock(row))
    expect(facts(violations)).not.toContain('<dt>p</dt>')
    expect(facts({ ...violations, verdict: 'PASS', p: 0.012 })).toContain('<dt>p</dt><dd>0.012</dd>')
    expect(facts({ ...lossInSegment, verdict: 'BLOCK' })).toContain('<dt>p</dt>')
  })
})
