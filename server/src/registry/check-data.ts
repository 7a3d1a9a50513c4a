import { createHash } from 'node:crypto'
import { PanalError } from '@panal/client-core'
import type { Examination, Examiner } from '../gate/contract.ts'
import { gateChecks } from '../gate/checks/registry.ts'
import { labelColumn } from '../gate/segment-profile.ts'
import { segmentColumnNames } from '../gate/segments.ts'
import { blobKinds } from '../store/blob-rows.ts'
import type { BlobKind } from '../store/schema.ts'
import { policyNeeds } from '../policy.ts'
import type { SyncQueries } from '../store/sync-query.ts'
import { when, type DocumentError } from './document-errors.ts'
import type { TaskDocument } from './task-document.ts'

/** Examples in two sets that may be chance: two people do draw the same 1. More, and a model has seen its exam. */
const toleratedOverlap = 0.001

const rootPath = '/sets/root'

/** A dataset that a document names, and where. */
interface NamedSet {
  readonly path: string
  readonly sha256: string
  readonly kind: BlobKind
  /** What the document says, where it says it. */
  readonly numExamples?: number
}

/** A set that could be read, with the contents of its examples. */
interface ReadSet extends NamedSet {
  readonly contents: BigUint64Array
}

export interface CheckedData {
  readonly warnings: string[]
  /** As of `digestOfContents`. */
  readonly gateContents: string
}

/**
 * Holds a task's stored datasets against its document: there, readable under its schema, with the columns its segments
 * name, and with no example in two of the server's sets, nor in a set and a public sample. They are read one after the
 * other, by the examiner; only digests of their examples come here.
 * @returns a sentence for each overlap that is small enough to be chance, and what is in the gate set
 * @throws PanalError 'unknown-dataset' | 'invalid-dataset', with every problem's path
 */
export async function checkData(
  document: TaskDocument,
  { db, examiner }: { readonly db: SyncQueries; readonly examiner: Examiner },
): Promise<CheckedData> {
  const named = namedSets(document)
  const needed = gateNeeds(document)
  const unknown = [...named, ...needed.datasets, ...needed.examples]
    .filter(({ sha256, kind }) => !blobKinds(db, sha256).includes(kind))
    .map(({ path, kind }) => ({ path, message: `no ${kind} has this digest; upload it first` }))
  if (unknown.length > 0) throw new PanalError('unknown-dataset', undefined, { extra: { errors: unknown } })
  const errors: DocumentError[] = []
  const warnings: DocumentError[] = []
  const read: ReadSet[] = []
  for (const set of named) {
    const examination = await examine(set, document.data, examiner)
    if ('message' in examination) {
      errors.push(examination)
      continue
    }
    errors.push(...misfits(set, document, examination))
    if (set.path === '/sets/gate') errors.push(...missingColumns(needed.columns, examination))
    const next = { ...set, contents: examination.contents }
    for (const earlier of read) {
      const { fraction, ...overlap } = overlapOf(earlier, next)
      if (fraction > toleratedOverlap) errors.push({ ...overlap, message: overlap.message + adviceFor(document.data) })
      else if (fraction > 0) warnings.push(overlap)
    }
    read.push(next)
  }
  // Cases may be of any set: they are not counted, and what a model knows of them is what they ask.
  for (const cases of needed.examples) {
    const examination = await examine(cases, document.data, examiner)
    errors.push(...('message' in examination ? [examination] : misfits(cases, document, examination)))
  }
  if (errors.length > 0) throw new PanalError('invalid-dataset', undefined, { extra: { errors } })
  const { contents = new BigUint64Array() } = read.find(({ path }) => path === '/sets/gate') ?? {}
  return {
    warnings: warnings.map(({ path, message }) => `${path}: ${message}`),
    gateContents: digestOfContents(contents),
  }
}

/** SHA-256 of the distinct contents of a set's examples, sorted: of any file with the same examples. */
const digestOfContents = (contents: BigUint64Array): string => createHash('sha256').update(contents).digest('hex')

/** What `gateContents` is of a document's gate set; null where the stored file cannot be read any more. */
export async function gateContentsOf({ sets, data }: TaskDocument, examiner: Examiner): Promise<string | null> {
  const examination = await examine({ path: '/sets/gate', sha256: sets.gate, kind: 'dataset' }, data, examiner)
  return 'message' in examination ? null : digestOfContents(examination.contents)
}

/** The sets and samples of a document, with their paths. */
export const namedSets = ({ sets, samples }: TaskDocument): NamedSet[] => [
  ...Object.entries(sets).map(([name, sha256]) => ({ path: `/sets/${name}`, sha256, kind: 'dataset' as const })),
  ...samples.map(({ sha256, numExamples }, i) => ({
    path: `/samples/${i}/sha256`,
    sha256,
    numExamples,
    kind: 'sample' as const,
  })),
]

/** What the gate's checks ask for beside the sets, with the paths of the document. */
export function gateNeeds({ gate }: TaskDocument) {
  const needs = gate.checks.map((spec, i) => {
    const own = policyNeeds(gateChecks, spec)
    const within = <Item extends { readonly path: string }>(items: readonly Item[] = []): Item[] =>
      items.map((item) => ({ ...item, path: `/gate/checks/${i}${item.path}` }))
    return { datasets: within(own.datasets), examples: within(own.examples), columns: within(own.columns) }
  })
  const stored = <Item>(items: readonly Item[]) => items.map((each) => ({ ...each, kind: 'dataset' as const }))
  return {
    datasets: needs.flatMap(({ datasets }) => stored(datasets)),
    examples: needs.flatMap(({ examples }) => stored(examples)),
    columns: needs.flatMap(({ columns }) => columns),
  }
}

const missingColumns = (needed: ReturnType<typeof gateNeeds>['columns'], { columns }: Examination): DocumentError[] =>
  needed
    .filter(({ name }) => !columns.includes(name))
    .map(({ path, name }) => ({ path, message: `the gate set has no column ${name}` }))

/** What the set holds, or why it cannot be read. */
const examine = (
  { sha256, path }: NamedSet,
  data: TaskDocument['data'],
  examiner: Examiner,
): Promise<Examination | DocumentError> =>
  examiner.examine(sha256, data).catch((error: unknown) => {
    if (!(error instanceof PanalError) || error.code !== 'invalid-dataset') throw error
    return { path, message: error.message }
  })

function misfits(
  { path, kind, numExamples }: NamedSet,
  { segments, clientColumn }: TaskDocument,
  found: Examination,
): DocumentError[] {
  // The root set is trained on, as a device's data are: it has no segments, and nobody is counted.
  const named =
    kind === 'dataset' && path !== rootPath ? segmentColumnNames(segments).filter((name) => name !== labelColumn) : []
  const missing = named.filter((name) => !found.columns.includes(name))
  // Cases are answered one by one, whosever they are.
  const isJudged = path.startsWith('/sets/') && path !== rootPath
  return [
    ...when(found.numExamples === 0, path, 'has no examples'),
    ...when(
      numExamples !== undefined && numExamples !== found.numExamples,
      path,
      `has ${found.numExamples} examples; the document says ${numExamples}`,
    ),
    ...missing.map((name) => ({ path, message: `has no column ${name}, which /segments names` })),
    ...when(
      isJudged && clientColumn !== undefined && !found.columns.includes(clientColumn),
      path,
      `has no column ${clientColumn ?? ''}, which /clientColumn names`,
    ),
  ]
}

/** Sample with sample never overlaps: whether visitors lend the same examples is nobody's concern. */
function overlapOf(a: ReadSet, b: ReadSet): DocumentError & { readonly fraction: number } {
  const shared = a.kind === 'sample' ? 0 : numShared(a.contents, b.contents)
  return {
    path: b.path,
    message: `${shared} of its ${b.contents.length} distinct examples are in ${a.path} as well`,
    fraction: shared / Math.max(1, Math.min(a.contents.length, b.contents.length)),
  }
}

const adviceFor = ({ kind }: TaskDocument['data']): string =>
  kind === 'table'
    ? ': put rows that are alike in all columns of /data into one set, or name more columns there'
    : ': keep each in one set'

/** Both sorted and distinct. Time O(a + b): 0.1 s for two sets of a million. */
function numShared(a: BigUint64Array, b: BigUint64Array): number {
  let shared = 0
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [left, right] = [a[i]!, b[j]!]
    if (left === right) shared += 1
    if (left <= right) i += 1
    if (left >= right) j += 1
  }
  return shared
}
