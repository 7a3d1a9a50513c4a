import { describe, expect, it } from '@jest/globals'
import { readTable, writeSafetensors, type TableSchema } from '@panal/client-core'
import fc from 'fast-check'
import { datasetLooker } from '../../../../server/src/registry/look-at-dataset.ts'

/** In pieces of so many bytes. */
const lookAt = (file: Uint8Array | string, pieceBytes = 7) => {
  const bytes = Buffer.from(file)
  const looker = datasetLooker(bytes.length)
  for (let at = 0; at < bytes.length; at += pieceBytes) looker.take(bytes.subarray(at, at + pieceBytes))
  return looker.end()
}
const refusal = (file: Uint8Array | string, pieceBytes?: number): string => {
  try {
    return `none: ${JSON.stringify(lookAt(file, pieceBytes))}`
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid-dataset' })
    return (error as Error).message
  }
}

describe('a table', () => {
  it.each([
    ['comma', 'age,job\n34,fixed\n51,\n'],
    ['semicolon', 'age;job\n34,5;fixed\n51;\n'],
    ['tab', 'age\tjob\n34\tfixed\n51\tfree, lance\n'],
    ['Windows lines', 'age,job\r\n34,fixed\r\n51,x\r\n'],
    ['old Mac lines', 'age,job\r34,fixed\r51,x'],
    ['no line end', 'age,job\n34,fixed\n51,x'],
    ['blank lines', 'age,job\n\n34,fixed\n , \n51,x\n\n\n'],
    ['quotes', 'age,"job"\n34,"fixed, or so\n""free"""\n"51",x\n'],
    ['a byte order mark', '\ufeffage, job \n34,fixed\n51,x\n'],
  ])('with %s is rows and named columns, however it comes', (_, text) => {
    for (const pieceBytes of [1, 2, 1000])
      expect(lookAt(text, pieceBytes)).toEqual({ format: 'csv', numRows: 2, columns: ['age', 'job'] })
  })

  it.each([
    ['nothing', '', 'the first row does not name two columns'],
    ['one column', 'age\n34\n', 'the first row does not name two columns'],
    ['a header alone', 'age,job\n', 'there is no row below the first'],
    ['a row that is too long', 'age,job\n34,fixed\n51,x,y\n', 'row 3: 3 values where the first row has 2'],
    ['a row that is too short', 'age;job;x\n34;2\n', 'row 2: 2 values where the first row has 3'],
    ['an open quote', 'age,job\n34,"fixed\n', 'row 2: a quoted value does not end'],
    ['text behind a quote', 'age,job\n34,"fixed"x\n', 'row 2: something follows a quoted value'],
    ['prose', 'Dear reader, this is a letter.\nIt goes on, and on, for two lines.\n', 'row 2: 3 values'],
    ['JSON', '{\n  "id": "digits",\n  "seed": 1\n}\n', 'the first row does not name two columns'],
  ])('is refused with %s, and says why', (_, text, why) => {
    for (const pieceBytes of [1, 1000])
      expect(refusal(text, pieceBytes)).toContain(`neither a CSV table nor a safetensors file: ${why}`)
  })

  it('is counted as it is read when a task names it', () => {
    const schema: TableSchema = {
      kind: 'table',
      columns: [{ name: 'a', kind: 'categorical', values: ['x'], missing: 'zeros' }],
      label: { column: 'b' },
      classes: ['0', '1'],
    }
    const cell = fc.oneof(
      fc.constantFrom('x', '', '"x"', '"x,""y"', '"x\ny"'),
      fc.string({ unit: fc.constantFrom('a', ' ', '-') }),
    )
    const row = fc.tuple(cell, fc.constantFrom('0', '1')).map((cells) => cells.join(','))
    const table = fc.tuple(fc.array(row, { minLength: 1 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 40 }), ([rows, newline, ends], pieceBytes) => {
        const text = ['a,b', ...rows].join(newline) + (ends ? newline : '')
        const { numExamples } = readTable(text, schema)
        expect(lookAt(text, pieceBytes)).toEqual({ format: 'csv', numRows: numExamples, columns: ['a', 'b'] })
      }),
      { seed: 5, numRuns: 500 },
    )
  })
})

describe('safetensors', () => {
  const file = writeSafetensors({
    tensors: {
      x: { dtype: 'U8', shape: [2, 3], values: new Uint8Array(6) },
      y: { dtype: 'I32', shape: [2], values: new Int32Array(2) },
    },
    metadata: {},
  })

  it('are tensors with their shapes, however they come', () => {
    for (const pieceBytes of [1, 5, 1000]) {
      const look = lookAt(file, pieceBytes)
      expect(look).toEqual({
        format: 'safetensors',
        tensors: expect.arrayContaining([
          { name: 'x', dtype: 'U8', shape: [2, 3] },
          { name: 'y', dtype: 'I32', shape: [2] },
        ]),
      })
    }
  })

  it('are refused when they are cut short, too long, or of a kind that nobody here reads', () => {
    expect(refusal(file.subarray(0, -1))).toContain('bytes of data where the header lists')
    expect(refusal(Buffer.concat([file, Buffer.from('x')]))).toContain('bytes of data where the header lists')
    expect(refusal(file.subarray(0, 30))).toContain('the header is longer than the file')
    const half = Buffer.from(Buffer.from(file).toString('latin1').replace('"U8"', '"F8"'), 'latin1')
    expect(refusal(half)).toContain('dtype must be one of')
  })
})

describe('what is no dataset', () => {
  it.each([
    ['zeros', Buffer.alloc(1000)],
    ['a PNG', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
    ['gzip', Buffer.from('1f8b080000000000000a4b4c4a06', 'hex')],
    ['float32 weights', Buffer.from(new Float32Array(100).fill(0.1).buffer)],
    ['Latin-1', Buffer.from('größe,farbe\n1,rot\n', 'latin1')],
    ['four bytes', Buffer.from('beef', 'hex')],
  ])('%s: refused', (_, bytes) => {
    expect(refusal(bytes)).toMatch(/neither a CSV table nor a safetensors file: it (is not UTF-8|has a NUL)/)
  })

  it('is refused before all of it is there', () => {
    const looker = datasetLooker(1e9)
    expect(() => looker.take(Buffer.from('a,b\n1,2,3\n'))).toThrow('row 2')
  })
})
