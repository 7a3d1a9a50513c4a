import { describe, expect, it } from '@jest/globals'
import {
  inputShape,
  PanalError,
  readDataset,
  writeImageDataset,
  writeSafetensors,
  type ImageSchema,
  type SafeTensor,
} from '@panal/client-core'

const schema: ImageSchema = { kind: 'image', height: 1, width: 2, channels: 1, scale: 1 / 255, classes: ['a', 'b'] }
const x: SafeTensor = { dtype: 'U8', shape: [2, 1, 2, 1], values: Uint8Array.of(0, 255, 51, 102) }
const y: SafeTensor = { dtype: 'U8', shape: [2], values: Uint8Array.of(1, 0) }

const errorsOf = (tensors: Record<string, SafeTensor>): unknown => {
  try {
    readDataset(writeSafetensors({ tensors, metadata: {} }), schema)
  } catch (error) {
    if (error instanceof PanalError && error.code === 'invalid-dataset') return error.extra.errors
    throw error
  }
  return []
}

describe('image datasets', () => {
  it('are written and read back, pixels scaled', () => {
    const data = readDataset(writeImageDataset(x.values as Uint8Array, [1, 0], schema), schema)
    expect(data.numExamples).toBe(2)
    expect(data.inputShape).toEqual([1, 2, 1])
    expect(inputShape(schema)).toEqual([1, 2, 1])
    // 51 / 255 = 0.2, 102 / 255 = 0.4
    expect(data.x).toEqual(Float32Array.of(0, 1, 0.2, 0.4))
    expect(data.y).toEqual(Int32Array.of(1, 0))
  })

  it('take labels as U8 or I32', () => {
    expect(errorsOf({ x, y })).toEqual([])
    expect(errorsOf({ x, y: { dtype: 'I32', shape: [2], values: Int32Array.of(1, 0) } })).toEqual([])
  })

  it.each<[string, Record<string, SafeTensor>]>([
    ['no x', { y }],
    ['no y', { x }],
    ['float labels', { x, y: { dtype: 'F32', shape: [2], values: Float32Array.of(1, 0) } }],
    ['float pixels', { x: { dtype: 'F32', shape: [2, 1, 2, 1], values: new Float32Array(4) }, y }],
    ['pixels of another shape', { x: { ...x, shape: [2, 2, 1, 1] }, y }],
    ['pixels without channels', { x: { ...x, shape: [2, 1, 2] }, y }],
    ['more labels than images', { x, y: { dtype: 'U8', shape: [3], values: new Uint8Array(3) } }],
    [
      'no examples',
      {
        x: { dtype: 'U8', shape: [0, 1, 2, 1], values: new Uint8Array(0) },
        y: { dtype: 'U8', shape: [0], values: new Uint8Array(0) },
      },
    ],
  ])('refuse %s', (_name, tensors) => {
    expect(errorsOf(tensors)).not.toEqual([])
  })

  it('name each label that is no class', () => {
    expect(errorsOf({ x, y: { dtype: 'I32', shape: [2], values: Int32Array.of(2, -1) } })).toEqual([
      { row: 1, column: 'y', message: 'the label is not in 0…1' },
      { row: 2, column: 'y', message: 'the label is not in 0…1' },
    ])
  })

  it('treat pixels that do not fit the labels as a bug', () => {
    expect(() => writeImageDataset(new Uint8Array(3), [0, 1], schema)).toThrow(RangeError)
  })
})
