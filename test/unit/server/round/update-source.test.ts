import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { codecs } from '@panal/client-core'
import { stalenessWeights } from '@panal/server'
import type { UpdateRecord } from '../../../../server/src/round/ports.ts'
import { updateSource } from '../../../../server/src/round/update-source.ts'
import { productsOf } from '../../../../server/src/vector/products.ts'
import { factsIn } from '../../../fixtures/update-source.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-updates-'))
})
afterEach(() => rm(folder, { recursive: true }))

const damaged = { name: 'AggregationError', code: 'damaged-update' }

/** Updates of devices a, b, … as a round of the codec f32 has them: the last one came two rounds late. */
async function sourceOf(vectors: readonly Float32Array<ArrayBuffer>[]) {
  const spool = { update: ({ deviceId }: { readonly deviceId: string }) => join(folder, deviceId) }
  const records: UpdateRecord[] = []
  for (const [i, values] of vectors.entries()) {
    const deviceId = String.fromCharCode(97 + i)
    await writeFile(spool.update({ deviceId }), values)
    const sha256 = createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex')
    records.push({
      ...{ taskId: 'digits', roundNumber: 5, deviceId, sha256, bytes: values.byteLength },
      ...{ numExamples: 10 * (i + 1), weight: i + 1, norm: i, verdict: 'accepted', receivedAt: 0 },
      ...(i === 0 && { lossBefore: 2.5 }),
      ...(i === vectors.length - 1 && { countedRound: 7 }),
    })
  }
  const size = vectors[0]!.length
  const reading = {
    layout: { size, tensors: [{ name: 'all', shape: [size], offset: 0, size }] },
    codec: codecs.f32,
    strategy: {
      effectiveSteps: (numExamples: number) => numExamples / 5,
      stalenessWeight: stalenessWeights.polynomial.make({ a: 1 }),
    },
  }
  return updateSource(reading, spool, records)
}

const small = () => [0, 1, 2].map((k) => Float32Array.of(k, -k, 0.5))

it('says the same of each update whether it is given or lies in its file', async () => {
  const source = await sourceOf(small())
  const opened = await source.openRows!()
  expect(opened.facts).toEqual(await factsIn(source))
  expect(opened.facts).toMatchObject([{ lossBefore: 2.5, effectiveSteps: 2 }, { weight: 2 }, { discount: 1 / 3 }])
  const row = new Float32Array(3)
  await opened.rows.read(0, [row], 2)
  expect([...row]).toEqual([2, -2, 0.5])
  await opened.close()
})

it('opens no updates of which one has changed since its receipt', async () => {
  const source = await sourceOf(small())
  await writeFile(join(folder, 'b'), Float32Array.of(1, -1, 0.25))
  await expect(source.openRows!()).rejects.toMatchObject(damaged)
})

it('takes the products of many bytes with another vector, each its own', async () => {
  const size = 2 ** 22 + 5 // four of them are over 64 MiB
  const vectors = [1, 2, 3, 4].map((k) => Float32Array.from({ length: size }, (_, i) => ((i * k) % 7) - 3))
  const other = Float32Array.from({ length: size }, (_, i) => (i % 5) / 4)
  const source = await sourceOf(vectors)
  const wanted = []
  for (const [i, values] of vectors.entries())
    wanted.push({ deviceId: String.fromCharCode(97 + i), ...(await productsOf(values, other)) })
  expect(await source.productsWith!(other)).toEqual(wanted)
  await writeFile(join(folder, 'd'), vectors[0]!)
  await expect(source.productsWith!(other)).rejects.toMatchObject(damaged)
})

it('gives few bytes one after the other', async () => {
  expect((await sourceOf(small())).productsWith).toBeUndefined()
})
