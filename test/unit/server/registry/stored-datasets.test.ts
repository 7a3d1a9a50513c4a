import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it } from '@jest/globals'
import { writeSafetensors } from '@panal/client-core'
import { BlobCatalogue } from '../../../../server/src/registry/blob-catalogue.ts'
import { StoredDatasets } from '../../../../server/src/registry/stored-datasets.ts'
import type { TaskDocument } from '../../../../server/src/registry/task-document.ts'
import { blobPath } from '../../../../server/src/store/named-files.ts'
import { smallTask } from '../../../fixtures/rounds.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

const store = useTempStore()
let catalogue: BlobCatalogue
let documents: TaskDocument[]
let numFound: number

beforeEach(() => {
  catalogue = new BlobCatalogue(store)
  documents = []
  numFound = 0
})

/** Its digest. A second passes, so that the next one is newer. */
async function added(file: string | Uint8Array, kind: 'dataset' | 'sample' = 'dataset'): Promise<string> {
  const bytes = Buffer.from(file)
  const sha256 = await store.blobs.put(bytes)
  catalogue.addDataset({ sha256, kind, numBytes: bytes.length }, 'mara')
  await store.clock.advance(1_000)
  return sha256
}

const datasets = () =>
  new StoredDatasets({
    catalogue,
    blobs: { find: (sha256) => ((numFound += 1), store.blobs.find(sha256)) },
    tasks: { list: () => documents.map((document) => smallTask(document)) },
  })

it('lists datasets, newest first, with what each looks like and where tasks name it', async () => {
  const table = await added('age,job\n34,fixed\n51,\n')
  const x = { dtype: 'U8', shape: [2, 3], values: new Uint8Array(6) } as const
  const file = writeSafetensors({ tensors: { x }, metadata: {} })
  const tensors = await added(file, 'sample')
  const { gate } = digitsLike()
  const checks = [...gate.checks, { name: 'cases', dataset: table } as const]
  documents = [
    digitsLike({ id: 'first', sets: { ...digitsLike().sets, gate: table } }),
    digitsLike({
      id: 'second',
      samples: [{ label: 'one', sha256: tensors, numExamples: 2 }],
      gate: { ...gate, checks },
    }),
  ]
  const startedAt = store.clock.now() - 2_000
  expect(await datasets().list()).toEqual([
    {
      sha256: tensors,
      kind: 'sample',
      numBytes: file.length,
      addedAt: startedAt + 1_000,
      look: { format: 'safetensors', tensors: [{ name: 'x', dtype: 'U8', shape: [2, 3] }] },
      uses: [{ taskId: 'second', path: '/samples/0/sha256' }],
    },
    {
      sha256: table,
      kind: 'dataset',
      numBytes: 21,
      addedAt: startedAt,
      look: { format: 'csv', numRows: 2, columns: ['age', 'job'] },
      uses: [
        { taskId: 'first', path: '/sets/gate' },
        { taskId: 'second', path: `/gate/checks/${gate.checks.length}/dataset` },
      ],
    },
  ])
})

it('lists no weights', async () => {
  const sha256 = await store.blobs.put(Buffer.from('weights'))
  catalogue.addDataset({ sha256, kind: 'weights', numBytes: 7 }, 'mara')
  expect(await datasets().list()).toEqual([])
})

it('looks at a file once, and again at one that was gone', async () => {
  const [kept, lost] = [await added('a,b\n1,2\n'), await added('a,b\n3,4\n')]
  await rm(join(store.folder, 'data', blobPath(lost)))
  const list = datasets()
  const looks = async () => (await list.list()).map(({ sha256, look }) => [sha256, look?.format ?? null])
  expect(await looks()).toEqual([
    [lost, null],
    [kept, 'csv'],
  ])
  expect(numFound).toBe(2)
  await store.blobs.put(Buffer.from('a,b\n3,4\n'))
  expect(await looks()).toEqual([
    [lost, 'csv'],
    [kept, 'csv'],
  ])
  expect(numFound).toBe(3)
})
