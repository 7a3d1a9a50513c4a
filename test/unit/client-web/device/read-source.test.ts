import { describe, expect, it } from '@jest/globals'
import type { TaskCard } from '@panal/client-core'
import { readSource } from '../../../../client-web/src/device/read-source.ts'

const table = {
  data: {
    kind: 'table',
    columns: [{ name: 'Age', kind: 'numeric', mean: 40, std: 10, missing: 'mean' }],
    label: { column: 'Status' },
    classes: ['bad', 'good'],
  },
} as TaskCard

const digits = {
  data: { kind: 'image', height: 28, width: 28, channels: 1, scale: 1 / 255, classes: ['0', '1'] },
} as TaskCard

const file = (...lines: string[]) => ({ kind: 'file', text: lines.join('\n') }) as const

describe('readSource', () => {
  it('uses the good rows of a file, and tells of the others by their spreadsheet row and first problem', () => {
    const { dataset, summary } = readSource(
      table,
      file('Status,Age', 'good,50', 'good,old', 'maybe,30', ',30', 'bad', 'bad,NA'),
    )
    expect(summary).toEqual({
      numExamples: 2,
      perClass: [1, 1],
      refused: [
        { row: 3, reason: 'Age: not a number; a missing one is empty or NA' },
        { row: 4, reason: 'Status: not one of the classes' },
        { row: 5, reason: 'Status: the label is missing' },
        { row: 6, reason: '1 values where the header has 2' },
      ],
    })
    expect([...dataset.x]).toEqual([1, 0]) // (50 − 40) / 10; a missing age is the mean
    expect([...dataset.y]).toEqual([1, 0])
  })

  it('leaves nothing of a refused row in the row that takes its place', () => {
    const twoColumns = {
      data: {
        ...table.data,
        columns: [
          { name: 'Age', kind: 'numeric', mean: 0, std: 1, missing: 'mean' },
          { name: 'Income', kind: 'numeric', mean: 0, std: 1, missing: 'mean' },
        ],
      },
    } as TaskCard
    const { dataset } = readSource(twoColumns, file('Status,Age,Income', 'good,7,much', 'bad,,3'))
    expect([...dataset.x]).toEqual([0, 3])
  })

  it('says why, when no row can be used or a column is missing', () => {
    expect(() => readSource(table, file('Status,Age', 'good,old'))).toThrow(
      'No row can be used. Row 2: Age: not a number; a missing one is empty or NA.',
    )
    expect(() => readSource(table, file('Status,Years', 'good,5'))).toThrow('column Age: this column is missing')
  })

  it('scales drawings as the task says', () => {
    const pixels = new Uint8Array(2 * 784)
    pixels[0] = 255
    const { dataset, summary } = readSource(digits, { kind: 'drawings', pixels, labels: Int32Array.of(1, 1) })
    expect(dataset.inputShape).toEqual([28, 28, 1])
    expect(dataset.x[0]).toBe(1)
    expect(summary).toEqual({ numExamples: 2, perClass: [0, 2], refused: [] })
  })

  it('refuses data of another kind than the task learns from', () => {
    expect(() => readSource(digits, file('a,b'))).toThrow('another kind')
  })
})
