import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { makeRng, writeSafetensors, type Dataset } from '@panal/client-core'
import { dataSources, embed, openFrozenModel, writeEmbeddings } from '@panal/simulations'
import { memory, ready, setBackend } from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { refusalOf } from '../../../fixtures/data-files.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-embeddings-'))
  await setBackend('cpu')
  await ready()
  // Two dense layers as Keras writes them: [a, b] → relu([a, b, a + b − 2]) → their sum.
  const dense = (name: string, units: number, activation: string, rest: object = {}) => ({
    class_name: 'Dense',
    config: { name, units, activation, use_bias: true, dtype: 'float32', trainable: true, ...rest },
  })
  const model = {
    modelTopology: {
      class_name: 'Sequential',
      config: {
        name: 'frozen',
        layers: [dense('features', 3, 'relu', { batch_input_shape: [null, 2] }), dense('sum', 1, 'linear')],
      },
    },
    weightsManifest: [
      {
        paths: ['features.bin', 'sum.bin'],
        weights: [
          { name: 'features/kernel', shape: [2, 3], dtype: 'float32' },
          { name: 'features/bias', shape: [3], dtype: 'float32' },
          { name: 'sum/kernel', shape: [3, 1], dtype: 'float32' },
          { name: 'sum/bias', shape: [1], dtype: 'float32' },
        ],
      },
    ],
  }
  await writeFile(join(folder, 'model.json'), JSON.stringify(model))
  await writeFile(join(folder, 'features.bin'), Float32Array.of(1, 0, 1, 0, 1, 1, 0, 0, -2))
  await writeFile(join(folder, 'sum.bin'), Float32Array.of(1, 1, 1, 0))
})
afterAll(() => rm(folder, { recursive: true }))

const dataset = (...rows: [number, number][]): Dataset => ({
  numExamples: rows.length,
  inputShape: [2],
  x: Float32Array.from(rows.flat()),
  y: Int32Array.from(rows, (_, i) => i % 2),
  columns: { writer: rows.map(() => 'ana') },
})

describe('embed', () => {
  it('gives the output of a layer for each example, whatever the batches', async () => {
    const frozen = await openFrozenModel(join(folder, 'model.json'), 'features')
    const data = dataset([1, 2], [3, -1], [-5, 1])
    const numTensors = memory().numTensors
    const done: number[] = []
    const features = await embed(data, frozen, { batchSize: 2, onProgress: (n) => done.push(n) })
    // relu([1, 2, 1]), relu([3, −1, 0]), relu([−5, 1, −6])
    expect([...features.x]).toEqual([1, 2, 1, 3, 0, 0, 0, 1, 0])
    expect(features).toMatchObject({ numExamples: 3, inputShape: [3], y: data.y, columns: data.columns })
    expect(done).toEqual([2, 3])
    expect(memory().numTensors).toBe(numTensors)
    expect((await embed(data, frozen)).x).toEqual(features.x)
    frozen.model.dispose()
  })
  it('takes the model’s own output where no layer is named, and knows the model by its bytes', async () => {
    const path = join(folder, 'model.json')
    const [whole, inner] = [await openFrozenModel(path), await openFrozenModel(path, 'features')]
    expect([...(await embed(dataset([1, 2]), whole)).x]).toEqual([4])
    expect(whole.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(inner.sha256).toBe(whole.sha256)
    await expect(embed({ ...dataset([1, 2]), inputShape: [1, 2] }, whole)).rejects.toThrow(
      'the model takes [2], the examples are [1, 2]',
    )
    await expect(embed(dataset([1, 2]), whole, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow(
      'stopped',
    )
  })
  it.each([
    ['a layer that is not there', 'model.json', 'head', 'unknown-column'],
    ['a file that is no model', 'features.bin', undefined, 'malformed'],
    ['no file', 'none.json', undefined, 'missing-file'],
    ['a model without its weights', 'no-weights.json', undefined, 'missing-file'],
    ['a topology that tfjs does not know', 'no-topology.json', undefined, 'malformed'],
  ])('refuses %s', async (_, name, layer, code) => {
    const manifest = { paths: ['lost.bin'], weights: [] }
    await writeFile(join(folder, 'no-weights.json'), JSON.stringify({ modelTopology: {}, weightsManifest: [manifest] }))
    await writeFile(
      join(folder, 'no-topology.json'),
      JSON.stringify({ modelTopology: { class_name: 'Tower', config: {} }, weightsManifest: [] }),
    )
    expect(await refusalOf(() => openFrozenModel(join(folder, name), layer))).toMatchObject({ code })
  })
})

describe('embeddings', () => {
  const load = async (bytes: Uint8Array) => {
    await writeFile(join(folder, 'stored.safetensors'), bytes)
    return dataSources.embeddings.make({ path: 'stored.safetensors' }).load({ folder, rng: makeRng(1) })
  }
  const [train, test] = [dataset([1, 2], [3, 4], [5, 6]), dataset([7, 8])]
  const classes = ['cat', 'dog']

  it('come back as they were written, without the columns', async () => {
    const bytes = writeEmbeddings({ train, test, classes }, { model: 'abc' })
    const loaded = await load(bytes)
    const { columns: _, ...plain } = train
    expect(loaded.train).toEqual(plain)
    expect([...loaded.test.x, loaded.test.numExamples, ...loaded.test.y]).toEqual([7, 8, 1, 0])
    expect(loaded.classes).toEqual(classes)
    expect(writeEmbeddings({ train, test, classes }, { model: 'abc' })).toEqual(bytes)
  })

  const f32 = (shape: number[], ...values: number[]) => ({
    dtype: 'F32' as const,
    shape,
    values: Float32Array.from(values),
  })
  const i32 = (shape: number[], ...values: number[]) => ({
    dtype: 'I32' as const,
    shape,
    values: Int32Array.from(values),
  })
  const good = { train_x: f32([1, 2], 1, 2), train_y: i32([1], 0), test_x: f32([1, 2], 1, 2), test_y: i32([1], 1) }
  const { test_y: _, ...incomplete } = good
  const metadata = { classes: '["a","b"]' }
  it.each([
    ['what is no safetensors', new TextEncoder().encode('text, and more of it'), 'malformed'],
    ['a missing tensor', writeSafetensors({ tensors: incomplete, metadata }), 'unknown-column'],
    ['no classes', writeSafetensors({ tensors: good, metadata: {} }), 'malformed'],
    ['classes that are no JSON', writeSafetensors({ tensors: good, metadata: { classes: '[' } }), 'malformed'],
    ['another rank', writeSafetensors({ tensors: { ...good, train_x: f32([2], 1, 2) }, metadata }), 'malformed'],
    [
      'labels of other examples',
      writeSafetensors({ tensors: { ...good, train_y: i32([2], 0, 1) }, metadata }),
      'malformed',
    ],
    [
      'a label that is no class',
      writeSafetensors({ tensors: { ...good, test_y: i32([1], 2) }, metadata }),
      'unknown-label',
    ],
  ])('refuses %s', async (_, bytes, code) => {
    expect(await refusalOf(() => load(bytes))).toMatchObject({ code })
  })
})
