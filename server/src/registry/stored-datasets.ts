import { createReadStream } from 'node:fs'
import { PanalError } from '@panal/client-core'
import type { Logger } from 'pino'
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
  /** Null where its file is gone, is cut off, cannot be read, or is no dataset any more. Nothing is hashed. */
  readonly look: DatasetLook | null
  /** Tasks whose document names it now, and where. */
  readonly uses: readonly { readonly taskId: string; readonly path: string }[]
}

export interface StoredDatasetsDeps {
  readonly catalogue: Pick<BlobCatalogue, 'datasets'>
  readonly blobs: Pick<BlobStore, 'find'>
  readonly tasks: Pick<TaskStore, 'list'>
  readonly log: Pick<Logger, 'warn'>
}

/**
 * Lists the server's datasets, newest first. Whether a file is there is asked each time; what it looks like is found anew
 * only where it has been written since: of safetensors from the header, of a table from all of it, about 10 ns a byte, one
 * file after another.
 */
export class StoredDatasets {
  readonly #deps: StoredDatasetsDeps
  /** By digest: what was found in the file that was there last. */
  readonly #looks = new Map<string, { readonly file: string; readonly look: Promise<DatasetLook | null> }>()
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
        .map(async (each) => ({ ...each, look: await this.#look(each), uses: uses.get(each.sha256) ?? [] })),
    )
  }

  /** One file that the disk does not give is null, and keeps no other from being listed. */
  async #look({ sha256, numBytes }: Pick<StoredDataset, 'sha256' | 'numBytes'>): Promise<DatasetLook | null> {
    try {
      const found = await this.#deps.blobs.find(sha256)
      if (found?.numBytes === numBytes) return await this.#lookOnce(sha256, found)
    } catch (error) {
      if (!isSystemError(error)) throw error
      this.#deps.log.warn({ err: error, sha256 }, 'a dataset cannot be read')
    }
    this.#looks.delete(sha256)
    return null
  }

  #lookOnce(sha256: string, found: FoundBlob): Promise<DatasetLook | null> {
    const file = `${found.numBytes} ${found.changedAt}`
    const known = this.#looks.get(sha256)
    if (known?.file === file) return known.look
    const look = this.#last.then(() => lookAt(found))
    this.#last = look.catch(() => undefined)
    this.#looks.set(sha256, { file, look })
    return look
  }
}

/** Of the disk, as EIO, EACCES or ENOENT; not of a program. */
const isSystemError = (error: unknown): boolean => (error as NodeJS.ErrnoException | null)?.syscall !== undefined

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
