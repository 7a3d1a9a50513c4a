import { rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it } from '@jest/globals'
import { writeSafetensors } from '@panal/client-core'
import { BlobCatalogue } from '../../../../server/src/registry/blob-catalogue.ts'
import { StoredDatasets } from '../../../../server/src/registry/stored-datasets.ts'
import type { TaskDocument } from '../../../../server/src/registry/task-document.ts'
import type { BlobStore, FoundBlob } from '../../../../server/src/store/blobs.ts'
import { blobPath } from '../../../../server/src/store/named-files.ts'
import { smallTask } from '../../../fixtures/rounds.ts'
import { digitsLike } from '../../../fixtures/task-document.ts'
import { useTempStore } from '../../../fixtures/temp-store.ts'

/** What the log is told of a file. */
interface Told {
  readonly err: NodeJS.ErrnoException
  readonly sha256: string
}

const store = useTempStore()
let catalogue: BlobCatalogue
let documents: TaskDocument[]
let told: Told[]

beforeEach(() => {
  catalogue = new BlobCatalogue(store)
  documents = []
  told = []
})

/** Its digest. A second passes, so that the next one is newer. */
async function added(file: string | Uint8Array, kind: 'dataset' | 'sample' = 'dataset'): Promise<string> {
  const bytes = Buffer.from(file)
  const sha256 = await store.blobs.put(bytes)
  catalogue.addDataset({ sha256, kind, numBytes: bytes.length }, 'mara')
  await store.clock.advance(1_000)
  return sha256
}

const datasets = (find: BlobStore['find'] = (sha256) => store.blobs.find(sha256)) =>
  new StoredDatasets({
    catalogue,
    blobs: { find },
    log: { warn: (line: Told) => void told.push(line) },
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

/** What a list shows of each dataset. */
const looksIn = async (list: StoredDatasets) =>
  (await list.list()).map(({ sha256, look }) => [sha256, look?.format ?? null])

it('looks at a file once, and again only where it is another; sees one go, come back and be cut off', async () => {
  const [kept, lost] = [await added('a,b\n1,2\n'), await added('a,b\n3,4\n')]
  const [keptPath, lostPath] = [kept, lost].map((sha256) => join(store.folder, 'data', blobPath(sha256)))
  await utimes(keptPath!, 0, 1_000)
  const list = datasets()
  const both = [
    [lost, 'csv'],
    [kept, 'csv'],
  ]
  expect(await looksIn(list)).toEqual(both)
  await rm(lostPath!)
  expect(await looksIn(list)).toEqual([
    [lost, null],
    [kept, 'csv'],
  ])
  await store.blobs.put(Buffer.from('a,b\n3,4\n'))
  expect(await looksIn(list)).toEqual(both)
  await truncate(lostPath!, 4) // a header is a table still, and not this one
  expect(await looksIn(list)).toEqual([
    [lost, null],
    [kept, 'csv'],
  ])

  // other bytes under the same length and time: it is not read again
  await writeFile(keptPath!, new Uint8Array(8))
  await utimes(keptPath!, 0, 1_000)
  expect((await looksIn(list))[1]).toEqual([kept, 'csv'])
  await utimes(keptPath!, 0, 2_000)
  expect((await looksIn(list))[1]).toEqual([kept, null])
  expect(told).toEqual([])
})

it('lists the others where the disk does not give one, and tells the log which', async () => {
  const file = 'a,b\n1,2\n'
  const names = ['kept', 'goes before it is read', 'a folder', 'not to be looked for'] as const
  const digests = new Map<string, (typeof names)[number]>()
  for (const [i, name] of names.entries()) digests.set(await added(file.replace('1', String(i))), name)
  const find = async (sha256: string): Promise<FoundBlob | undefined> => {
    const found = await store.blobs.find(sha256)
    const name = digests.get(sha256)
    if (found === undefined || name === 'kept') return found
    if (name === 'a folder') return { ...found, path: store.folder }
    if (name === 'goes before it is read') return { ...found, path: join(store.folder, 'nothing') }
    return { ...found, numBytes: (await stat(join(found.path, 'x'))).size }
  }
  const list = datasets(find)
  for (const numListed of [1, 2]) {
    const looks = await looksIn(list)
    expect(looks.map(([sha256, look]) => [digests.get(sha256!), look])).toEqual([
      ['not to be looked for', null],
      ['a folder', null],
      ['goes before it is read', null],
      ['kept', 'csv'],
    ])
    expect(told).toHaveLength(3 * numListed)
  }
  const codes = told.map(({ err, sha256 }) => `${digests.get(sha256)}: ${err.code}`)
  expect(new Set(codes)).toEqual(
    new Set(['not to be looked for: ENOTDIR', 'a folder: EISDIR', 'goes before it is read: ENOENT']),
  )
  await expect(datasets(() => Promise.reject(new Error('a mistake of ours'))).list()).rejects.toThrow(
    'a mistake of ours',
  )
})
