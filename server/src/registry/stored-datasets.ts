import { createReadStream } from 'node:fs'
import { PanalError } from '@panal/client-core'
import type { BlobStore, FoundBlob } from '../store/blobs.ts'
import type { BlobCatalogue } from './blob-catalogue.ts'
import { gateNeeds, namedSets } from './check-data.ts'
import { datasetLooker, type DatasetLook } from './look-at-dataset.ts'
import type { TaskDocument } from './task-document.ts'
import type { TaskStore } from './task-store.ts'

/** A dataset as the list shows it. */
export interface StoredDataset {
  readonly sha256: string
  readonly kind: 'dataset' | 'sample'
  readonly numBytes: number
  /** Epoch ms. */
  readonly addedAt: number
  /** Null where its file is gone, or is no dataset any more. */
  readonly look: DatasetLook | null
  /** Tasks whose document names it now, and where. */
  readonly uses: readonly { readonly taskId: string; readonly path: string }[]
}

export interface StoredDatasetsDeps {
  readonly catalogue: Pick<BlobCatalogue, 'datasets'>
  readonly blobs: Pick<BlobStore, 'find'>
  readonly tasks: Pick<TaskStore, 'list'>
}

/**
 * Lists the server's datasets, newest first. What a file looks like is found once in the life of the server: of safetensors
 * from the header, of a table from all of it, about 10 ns a byte, one file after another.
 */
export class StoredDatasets {
  readonly #deps: StoredDatasetsDeps
  /** By digest: the bytes never change. */
  readonly #looks = new Map<string, Promise<DatasetLook | null>>()
  /** Resolves when the file looked at last has been. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(deps: StoredDatasetsDeps) {
    this.#deps = deps
  }

  async list(): Promise<StoredDataset[]> {
    const uses = usesIn(this.#deps.tasks.list().map(({ document }) => document))
    return Promise.all(
      this.#deps.catalogue
        .datasets()
        .map(async (each) => ({ ...each, look: await this.#look(each.sha256), uses: uses.get(each.sha256) ?? [] })),
    )
  }

  /** One that cannot be read is looked at again: a restore may put it back. */
  async #look(sha256: string): Promise<DatasetLook | null> {
    const known = this.#looks.get(sha256)
    if (known !== undefined) return known
    const looking = this.#last.then(async () => {
      const found = await this.#deps.blobs.find(sha256)
      return found === undefined ? null : lookAt(found)
    })
    this.#last = looking.catch(() => undefined)
    this.#looks.set(sha256, looking)
    const look = await looking.catch((error: unknown) => {
      this.#looks.delete(sha256)
      throw error
    })
    if (look === null) this.#looks.delete(sha256)
    return look
  }
}

/** Null for bytes that are no dataset. */
async function lookAt({ path, numBytes }: FoundBlob): Promise<DatasetLook | null> {
  const looker = datasetLooker(numBytes)
  try {
    for await (const bytes of createReadStream(path)) {
      looker.take(bytes as Buffer)
      if (looker.isDone()) break
    }
    return looker.end()
  } catch (error) {
    if (!(error instanceof PanalError) || error.code !== 'invalid-dataset') throw error
    return null
  }
}

/** By digest, in the order of task ids. */
function usesIn(documents: readonly TaskDocument[]): ReadonlyMap<string, StoredDataset['uses']> {
  const uses = new Map<string, StoredDataset['uses']>()
  for (const document of documents) {
    const { datasets, examples } = gateNeeds(document)
    for (const { sha256, path } of [...namedSets(document), ...datasets, ...examples])
      uses.set(sha256, [...(uses.get(sha256) ?? []), { taskId: document.id, path }])
  }
  return uses
}
