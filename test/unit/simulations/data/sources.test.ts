import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { makeRng } from '@panal/client-core'
import { dataSources, type LoadContext } from '@panal/simulations'
import { dataFile, refusalOf } from '../../../fixtures/data-files.ts'

let folder: string
let context: LoadContext
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-sources-'))
  context = { folder, rng: makeRng(1) }
})
afterAll(() => rm(folder, { recursive: true }))

async function store(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), content)
}
async function storeImage(path: string, name: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await copyFile(dataFile(name), join(folder, path))
}

/** An IDX file of bytes. */
const idxOf = (shape: readonly number[], values: readonly number[]): Uint8Array =>
  Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((length) => [0, 0, 0, length]), ...values])

describe('image-folder', () => {
  const shape = { height: 1, width: 2, channels: 1 } as const
  beforeAll(async () => {
    await storeImage('pets/dog/ben/2.png', 'greyalpha.png')
    await storeImage('pets/dog/ana/1.PNG', 'rgba.png')
    await storeImage('pets/cat/3.png', 'grey16.png')
    await store('pets/cat/notes.txt', 'not an image')
    await storeImage('pets/cat/.hidden.png', 'rgba.png')
    await store('pets/README.md', 'not a class')
    await storeImage('pets-test/dog/4.png', 'grey16.png')
  })

  it('takes classes from folders, and the folders below them as a column', async () => {
    const source = dataSources['image-folder'].make({ train: 'pets', test: 'pets-test', ...shape })
    const { train, test, classes } = await source.load(context)
    expect(classes).toEqual(['cat', 'dog'])
    expect([...train.y, ...test.y]).toEqual([0, 1, 1, 1])
    // grey16 is [0x12, 255]; rgba is red and blue, so 76 and 29; greyalpha [7, 9].
    const bytes = [
      [0x12, 0xff],
      [76, 29],
      [7, 9],
    ].flat() // in the order of their paths
    expect([...train.x]).toEqual(bytes.map((byte) => Math.fround(byte / 255)))
    expect(train.inputShape).toEqual([1, 2, 1])
    expect(train.columns).toEqual({ folder: ['', 'ana', 'ben'] })
  })
  it('gives the same with threads, and a digest that changes with a file', async () => {
    const source = dataSources['image-folder'].make({ train: 'pets', testShare: 0.34, ...shape })
    const once = await source.load({ ...context, workers: 0 })
    expect([once.train.numExamples, once.test.numExamples]).toEqual([2, 1]) // 0.34 · 3 = 1.02
    expect(await source.load({ ...context, workers: 2 })).toEqual(once)
    await storeImage('pets/cat/5.png', 'grey16.png')
    const later = await source.load(context)
    expect(later.digests[0]!.sha256).not.toBe(once.digests[0]!.sha256)
    await rm(join(folder, 'pets/cat/5.png'))
  })
  it.each([
    ['a folder that is not there', { train: 'none', testShare: 0.5 }, 'missing-file'],
    ['no folder of a class', { train: 'pets/cat', testShare: 0.5 }, 'no-examples'],
    ['classes without images', { train: 'empty', testShare: 0.5 }, 'no-examples'],
    ['a class that is only tested', { train: 'pets-test', test: 'pets' }, 'unknown-label'],
    ['an image that is none', { train: 'broken', testShare: 0.5 }, 'malformed'],
  ])('refuses %s', async (_, paths, code) => {
    await mkdir(join(folder, 'empty/cat'), { recursive: true })
    await store('broken/cat/1.png', 'text')
    const source = dataSources['image-folder'].make({ ...paths, ...shape })
    expect(await refusalOf(() => source.load(context))).toMatchObject({ code })
  })
})

describe('idx', () => {
  it('reads images and labels, gzip or not', async () => {
    await store('x', idxOf([2, 1, 2], [0, 51, 102, 255]))
    await store('y.gz', gzipSync(idxOf([2], [2, 0])))
    const pair = { x: 'x', y: 'y.gz' }
    const { train, classes, digests } = await dataSources.idx.make({ train: pair, test: pair }).load(context)
    expect(classes).toEqual(['0', '1', '2'])
    expect([...train.x]).toEqual([0, 0.2, 0.4, 1].map(Math.fround)) // bytes / 255
    expect([[...train.y], train.inputShape]).toEqual([
      [2, 0],
      [1, 2, 1],
    ])
    expect(digests.map(({ name }) => name)).toEqual(['x', 'y.gz', 'x', 'y.gz'])
  })
  it.each([
    ['labels of fewer examples', idxOf([1, 2], [0, 1]), idxOf([2], [0, 1]), 'malformed'],
    ['a class beyond the list', idxOf([1, 2], [0, 1]), idxOf([1], [2]), 'unknown-label'],
    ['labels of two dimensions', idxOf([1, 2], [0, 1]), idxOf([1, 1], [0]), 'malformed'],
  ])('refuses %s', async (_, x, y, code) => {
    await store('bad-x', x)
    await store('bad-y', y)
    const pair = { x: 'bad-x', y: 'bad-y' }
    const source = dataSources.idx.make({ train: pair, test: pair, classes: ['a', 'b'] })
    expect(await refusalOf(() => source.load(context))).toMatchObject({ code })
  })
  it('refuses to test on examples of another shape', async () => {
    await store('wide-x', idxOf([1, 3], [0, 1, 2]))
    await store('narrow-x', idxOf([1, 2], [0, 1]))
    await store('one-y', idxOf([1], [0]))
    const source = dataSources.idx.make({ train: { x: 'wide-x', y: 'one-y' }, test: { x: 'narrow-x', y: 'one-y' } })
    expect(await refusalOf(() => source.load(context))).toMatchObject({ code: 'uneven-examples' })
  })
})

describe('mnist', () => {
  it('is the published one: as many examples of each digit as its paper’s site says', async () => {
    const { train, test, digests } = await dataSources.mnist.make({}).load(context)
    const counts = (y: Int32Array) =>
      y.reduce((all, digit) => all.with(digit, all[digit]! + 1), new Array<number>(10).fill(0))
    expect(counts(test.y)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    expect([train.numExamples, train.inputShape]).toEqual([60_000, [28, 28, 1]])
    expect(digests.map(({ name }) => name)).toContain('train-images-idx3-ubyte')
    // Mean and standard deviation of the training pixels, as every MNIST example on the net has them: 0.1307 and 0.3081.
    let [sum, squares] = [0, 0]
    for (const value of train.x) {
      sum += value
      squares += value * value
    }
    const mean = sum / train.x.length
    const variance = squares / train.x.length - mean ** 2
    expect(mean).toBeCloseTo(0.1307, 4)
    expect(Math.sqrt(variance)).toBeCloseTo(0.3081, 4)
  })
})

describe('fashion-mnist', () => {
  it('reads the four files of a folder, compressed as they are published, or not', async () => {
    await store('fashion/train-images-idx3-ubyte.gz', gzipSync(idxOf([1, 2, 2], [0, 255, 0, 255])))
    await store('fashion/train-labels-idx1-ubyte.gz', gzipSync(idxOf([1], [9])))
    await store('fashion/t10k-images-idx3-ubyte', idxOf([1, 2, 2], [255, 0, 0, 0]))
    await store('fashion/t10k-labels-idx1-ubyte', idxOf([1], [0]))
    const { train, test, classes } = await dataSources['fashion-mnist'].make({ folder: 'fashion' }).load(context)
    expect([classes[train.y[0]!], classes[test.y[0]!]]).toEqual(['Ankle boot', 'T-shirt/top'])
    expect([[...train.x], [...test.x]]).toEqual([
      [0, 1, 0, 1],
      [1, 0, 0, 0],
    ])
  })
  it('says how to get it where it is not there', async () => {
    const refused = await refusalOf(() => dataSources['fashion-mnist'].make({ folder: 'nowhere' }).load(context))
    expect(refused).toMatchObject({
      code: 'missing-file',
      message: expect.stringContaining('apt-get install dataset-fashion-mnist'),
    })
  })
})
