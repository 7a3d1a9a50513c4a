import { describe, expect, it } from '@jest/globals'
import { PanalError, readSafetensors, writeSafetensors } from '@panal/client-core'

/** A file as the format's own description lays it out, by hand. */
function file(header: unknown, data: readonly number[]): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(data, 8 + json.length)
  return bytes
}

const codeOf = (action: () => unknown): string => {
  try {
    action()
  } catch (error) {
    if (error instanceof PanalError) return error.code
    throw error
  }
  return 'accepted'
}

const u8 = (shape: number[], start: number, end: number) => ({ dtype: 'U8', shape, data_offsets: [start, end] })

describe('readSafetensors', () => {
  it('reads what a hand-made file says', () => {
    const { tensors, metadata } = readSafetensors(
      file(
        {
          __metadata__: { source: 'hand' },
          b: { dtype: 'F32', shape: [1], data_offsets: [2, 6] },
          a: u8([2, 1], 0, 2),
        },
        [
          7,
          9,
          0,
          0,
          0x80,
          0x3f, // 1.0 is 0x3f800000
        ],
      ),
    )
    expect(metadata).toEqual({ source: 'hand' })
    expect(tensors.a).toEqual({ dtype: 'U8', shape: [2, 1], values: Uint8Array.of(7, 9) })
    expect(tensors.b!.values).toEqual(Float32Array.of(1))
  })

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['a length field alone', new Uint8Array(7)],
    ['a header longer than the file', Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 123, 125)],
    ['a header length of 2^63', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128, 123, 125)],
    ['a header that is not JSON', file('{"a":', [])],
    ['a header that is a list', file([], [])],
    ['metadata that is no string', file({ __metadata__: { n: 1 } }, [])],
    ['an unknown dtype', file({ a: { dtype: 'F64', shape: [1], data_offsets: [0, 8] } }, new Array<number>(8).fill(0))],
    [
      'a dtype named like an object’s own method',
      file({ a: { dtype: 'toString', shape: [0], data_offsets: [0, 0] } }, []),
    ],
    ['a negative length', file({ a: u8([-1], 0, 0) }, [])],
    ['a fractional length', file({ a: u8([1.5], 0, 1) }, [0])],
    ['offsets that do not fit the shape', file({ a: u8([3], 0, 2) }, [1, 2])],
    ['three offsets', file({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1, 2] } }, [1])],
    ['a gap', file({ a: u8([1], 0, 1), b: u8([1], 2, 3) }, [1, 2, 3])],
    ['an overlap', file({ a: u8([2], 0, 2), b: u8([2], 1, 3) }, [1, 2, 3])],
    ['data after the last tensor', file({ a: u8([1], 0, 1) }, [1, 2])],
    ['data that is missing', file({ a: u8([2], 0, 2) }, [1])],
    ['a tensor that is null', file({ a: null }, [])],
  ])('refuses %s', (_name, bytes) => {
    expect(codeOf(() => readSafetensors(bytes))).toBe('invalid-dataset')
  })
})

describe('writeSafetensors', () => {
  const tensors = {
    labels: { dtype: 'U8', shape: [3], values: Uint8Array.of(1, 2, 3) },
    weights: { dtype: 'F32', shape: [2], values: Float32Array.of(0.5, -1) },
    counts: { dtype: 'I32', shape: [1, 1], values: Int32Array.of(-7) },
  } as const

  it('is read back as written, also from an odd offset', () => {
    const bytes = writeSafetensors({ tensors, metadata: { b: '2', a: '1' } })
    const odd = new Uint8Array(bytes.length + 1)
    odd.set(bytes, 1)
    for (const view of [bytes, odd.subarray(1)])
      expect(readSafetensors(view)).toEqual({ tensors, metadata: { a: '1', b: '2' } })
  })

  it('gives the same bytes whatever order the tensors were named in', () => {
    const { labels, weights, counts } = tensors
    expect(writeSafetensors({ tensors: { counts, labels, weights }, metadata: {} })).toEqual(
      writeSafetensors({ tensors, metadata: {} }),
    )
  })

  it('answers views of aligned bytes: no copy', () => {
    const bytes = writeSafetensors({ tensors, metadata: {} })
    for (const { values } of Object.values(readSafetensors(bytes).tensors)) expect(values.buffer).toBe(bytes.buffer)
  })

  it('treats values that do not fit their shape as a bug', () => {
    expect(() =>
      writeSafetensors({ tensors: { a: { dtype: 'U8', shape: [2], values: Uint8Array.of(1) } }, metadata: {} }),
    ).toThrow(RangeError)
  })
})
