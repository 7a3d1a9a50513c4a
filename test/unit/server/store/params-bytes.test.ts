import { describe, expect, it } from '@jest/globals'
import { bytesToParams, paramsToBytes } from '../../../../server/src/store/params-bytes.ts'

describe('paramsToBytes and bytesToParams', () => {
  it('are little-endian float32', () => {
    // 1 is 0x3f800000, −2 is 0xc0000000.
    expect([...paramsToBytes(Float32Array.of(1, -2))]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
  })

  it('read a view at any offset', () => {
    const params = Float32Array.of(0.5, -3e38, 1e-40)
    for (const offset of [0, 1, 2, 3, 4]) {
      const around = new Uint8Array(32).fill(255)
      around.set(paramsToBytes(params), offset)
      expect(bytesToParams(around.subarray(offset, offset + 12))).toEqual(params)
    }
  })

  it('show a part of a vector as that part', () => {
    expect(bytesToParams(paramsToBytes(Float32Array.of(1, 2, 3).subarray(1)))).toEqual(Float32Array.of(2, 3))
  })

  it('refuse what is no vector', () => {
    expect(() => bytesToParams(new Uint8Array(5))).toThrow(RangeError)
  })
})
