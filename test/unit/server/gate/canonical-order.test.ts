import { describe, expect, it } from '@jest/globals'
import { makeRng, readTable, shuffle, type TableSchema } from '@panal/client-core'
import { inCanonicalOrder } from '../../../../server/src/gate/canonical-order.ts'

const schema: TableSchema = {
  kind: 'table',
  columns: [{ name: 'age', kind: 'numeric', mean: 0, std: 1, missing: 'mean' }],
  label: { column: 'paid' },
  classes: ['no', 'yes'],
}
const order = (rows: readonly string[]) => inCanonicalOrder(readTable(['age,paid', ...rows].join('\n'), schema), schema)
/** 200 examples, some with the same content, of which some have the other label. */
const lines = Array.from({ length: 200 }, (_, i) => `${i % 150},${i % 7 === 0 ? 'yes' : 'no'}`)

describe('canonical order', () => {
  it('is the same whatever order the file has', () => {
    const { dataset, ids } = order(lines)
    const other = order(shuffle([...lines], makeRng(3)))
    expect(other.ids).toEqual(ids)
    expect(other.dataset).toEqual(dataset)
  })
  it('rises by id, then by label; equal contents have equal ids', () => {
    const { dataset, ids } = order(lines)
    const keys = ids.map((id, i) => `${id} ${dataset.y[i]}`)
    expect(keys).toEqual([...keys].sort())
    expect(new Set(ids).size).toBe(150)
    expect(ids.every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true)
  })
  it('says where the file has each example', () => {
    const { dataset, rows } = order(lines)
    expect([...rows].map((row) => lines[row]!.split(',')[0])).toEqual(dataset.columns?.['age'])
    expect([...rows].sort((a, b) => a - b)).toEqual([...lines.keys()])
  })
})
