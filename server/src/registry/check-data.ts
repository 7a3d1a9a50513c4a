import { PanalError, readDataset, type DataSchema, type Dataset } from '@panal/client-core'
import { sha256Of } from '../store/blob-files.ts'
import { blobKinds } from '../store/blob-rows.ts'
import type { BlobStore } from '../store/blobs.ts'
import type { BlobKind } from '../store/schema.ts'
import type { SyncQueries } from '../store/sync-query.ts'
import type { DocumentError } from './document-errors.ts'
import type { TaskDocument } from './task-document.ts'

/** Examples in two sets that may be chance: two people do draw the same 1. More, and a model has seen its exam. */
const toleratedOverlap = 0.001

/** A dataset that a document names, and where. */
interface NamedSet {
  readonly path: string
  readonly sha256: string
  readonly kind: BlobKind
  /** What the document says, where it says it. */
  readonly numExamples?: number
}

interface Contents {
  readonly path: string
  readonly kind: BlobKind
  readonly examples: ReadonlySet<string>
}

/**
 * Holds a task's stored datasets against its document: there, readable under its schema, with the columns its segments
 * name, and with no example in two of the server's sets, nor in a set and a public sample. One set is in memory at a time.
 * @returns a sentence for each overlap that is small enough to be chance
 * @throws PanalError 'unknown-dataset' | 'invalid-dataset', with every problem's path
 */
export async function checkData(
  document: TaskDocument,
  { db, blobs }: { readonly db: SyncQueries; readonly blobs: BlobStore },
): Promise<string[]> {
  const named = namedSets(document)
  const unknown = named
    .filter(({ sha256, kind }) => !blobKinds(db, sha256).includes(kind))
    .map(({ path, kind }) => ({ path, message: `no ${kind} has this digest; upload it first` }))
  if (unknown.length > 0) throw new PanalError('unknown-dataset', undefined, { extra: { errors: unknown } })
  const errors: DocumentError[] = []
  const contents: Contents[] = []
  for (const set of named) {
    const dataset = await readSet(set, document, { blobs, errors })
    if (dataset !== undefined) contents.push({ ...set, examples: exampleKeys(dataset, document.data) })
  }
  const { tooMany, few } = overlaps(contents)
  errors.push(...tooMany)
  if (errors.length > 0) throw new PanalError('invalid-dataset', undefined, { extra: { errors } })
  return few.map(({ path, message }) => `${path}: ${message}`)
}

const namedSets = ({ sets, samples }: TaskDocument): NamedSet[] => [
  ...Object.entries(sets).map(([name, sha256]) => ({ path: `/sets/${name}`, sha256, kind: 'dataset' as const })),
  ...samples.map(({ sha256, numExamples }, i) => ({
    path: `/samples/${i}/sha256`,
    sha256,
    numExamples,
    kind: 'sample' as const,
  })),
]

async function readSet(
  { path, sha256, kind, numExamples }: NamedSet,
  { data, segments }: TaskDocument,
  { blobs, errors }: { readonly blobs: BlobStore; readonly errors: DocumentError[] },
): Promise<Dataset | undefined> {
  const bytes = await blobs.read(sha256)
  try {
    const dataset = readDataset(bytes, data)
    if (dataset.numExamples === 0) errors.push({ path, message: 'has no examples' })
    if (numExamples !== undefined && numExamples !== dataset.numExamples)
      errors.push({ path, message: `has ${dataset.numExamples} examples; the document says ${numExamples}` })
    const columns = Object.keys(dataset.columns ?? {})
    if (kind === 'dataset')
      for (const segment of segments.filter((name) => !columns.includes(name)))
        errors.push({ path, message: `has no column ${segment}, which /segments names` })
    return dataset
  } catch (error) {
    if (!(error instanceof PanalError)) throw error
    errors.push({ path, message: error.message })
    return undefined
  }
}

/** One digest per distinct content. The label is no part of it: the same person with two outcomes is the same person. */
function exampleKeys({ numExamples, x, columns }: Dataset, schema: DataSchema): Set<string> {
  const width = x.length / Math.max(1, numExamples)
  const bytes = new Uint8Array(x.buffer, x.byteOffset, x.byteLength)
  const raw = schema.kind === 'table' ? schema.columns.map(({ name }) => columns?.[name]) : []
  const keys = new Set<string>()
  for (let i = 0; i < numExamples; i++) {
    // Raw values where there are any: encoding makes unlisted values alike.
    const isTable = raw.length > 0 && !raw.includes(undefined)
    const content = isTable
      ? JSON.stringify(raw.map((values) => values?.[i]))
      : bytes.subarray(i * width * 4, (i + 1) * width * 4)
    keys.add(sha256Of(content))
  }
  return keys
}

/** Every pair but sample with sample: whether visitors lend the same examples is nobody's concern. */
function overlaps(contents: readonly Contents[]): { tooMany: DocumentError[]; few: DocumentError[] } {
  const tooMany: DocumentError[] = []
  const few: DocumentError[] = []
  for (const [i, b] of contents.entries())
    for (const a of contents.slice(0, i)) {
      if (a.kind === 'sample') continue
      const shared = [...b.examples].filter((key) => a.examples.has(key)).length
      if (shared === 0) continue
      const fraction = shared / Math.min(a.examples.size, b.examples.size)
      const message = `${shared} of its ${b.examples.size} distinct examples are in ${a.path} as well`
      ;(fraction > toleratedOverlap ? tooMany : few).push({ path: b.path, message })
    }
  return { tooMany, few }
}
