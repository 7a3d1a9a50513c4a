import { listed, RecordedError } from './recorded-error.ts'

/** What the command line says of the columns. */
export interface ColumnNames {
  readonly label: string
  /** Of two classes the one that a single column is the probability of, and that comes second. */
  readonly positive?: string
  /** One column, or `prefix:p_` for one column of each class. */
  readonly candidate: string
  /** Null: there is none yet. */
  readonly champion: string | null
  readonly anchor?: string
  readonly id?: string
  readonly client?: string
  readonly split?: string
  /** Columns that together say what an example is; left out: all features. */
  readonly content?: readonly string[]
  /** Columns that are neither looked at nor part of what a row is. */
  readonly ignore?: readonly string[]
}

export const modelNames = ['candidate', 'champion', 'anchor'] as const
export type ModelName = (typeof modelNames)[number]

/** Where a model's probabilities are. */
export interface ModelColumns {
  /** As the command line names them. */
  readonly spec: string
  /** One, the probability of the positive class; or one for each class, in the order of `classes`. */
  readonly columns: readonly string[]
  /** What comes after the prefix, in order; absent where there is one column. */
  readonly classes?: readonly string[]
}

/** Which column of a file is what. */
export interface Roles {
  readonly label: string
  readonly positive?: string
  readonly id?: string
  readonly client?: string
  readonly split?: string
  readonly content?: readonly string[]
  readonly models: { readonly [Name in ModelName]?: ModelColumns }
  /** All others, in order of their names. */
  readonly features: readonly string[]
}

const prefixMark = 'prefix:'

/** @throws RecordedError 'unknown-column' | 'classes-differ' | 'bad-argument' */
export function assignRoles(names: ColumnNames, header: readonly string[]): Roles {
  const { label, positive, id, client, split, content, ignore = [] } = names
  const single = [label, id, client, split].filter((name) => name !== undefined)
  for (const name of [...single, ...ignore, ...(content ?? [])]) requireColumn(name, header)
  const free = header.filter((name) => !single.includes(name) && !ignore.includes(name))
  const specs = modelNames.flatMap((model) => {
    const spec = names[model]
    return spec === undefined || spec === null ? [] : [{ model, spec }]
  })
  const models = specs.map(({ model, spec }) => {
    const others = specs.map((each) => each.spec)
    return { model, ...columnsOf({ model, spec, others, positive }, { header, free }) }
  })
  const [first, ...rest] = models
  for (const other of rest) requireSameClasses(first!, other)
  const taken = new Set(models.flatMap(({ columns }) => columns))
  const features = free.filter((name) => !taken.has(name)).sort()
  const stray = content?.find((name) => !features.includes(name))
  if (stray !== undefined)
    throw new RecordedError('bad-argument', `--content ${stray}: this column is named for something else as well`)
  return {
    label,
    ...(positive !== undefined && { positive }),
    ...(id !== undefined && { id }),
    ...(client !== undefined && { client }),
    ...(split !== undefined && { split }),
    ...(content !== undefined && { content }),
    models: Object.fromEntries(models.map(({ model, ...columns }) => [model, columns])),
    features,
  }
}

/** @throws RecordedError 'unknown-column', with the columns that there are */
export function requireColumn(name: string, header: readonly string[]): void {
  if (header.includes(name)) return
  throw new RecordedError('unknown-column', `the data have no column ${name}. Their columns:`, listed(header))
}

interface ModelSpec {
  readonly model: ModelName
  readonly spec: string
  /** Of all models. */
  readonly others: readonly string[]
  readonly positive: string | undefined
}

function columnsOf(
  { model, spec, others, positive }: ModelSpec,
  { header, free }: { header: readonly string[]; free: readonly string[] },
): ModelColumns {
  if (!spec.startsWith(prefixMark)) {
    requireColumn(spec, header)
    if (!free.includes(spec))
      throw new RecordedError('bad-argument', `--${model} ${spec}: this column is named for something else as well`)
    return { spec, columns: [spec] }
  }
  const prefix = spec.slice(prefixMark.length)
  // `prefix:p_` beside `prefix:p_new_` means the columns that the longer one does not.
  const longer = others
    .filter((other) => other.startsWith(prefixMark))
    .map((other) => other.slice(prefixMark.length))
    .filter((other) => other.length > prefix.length && other.startsWith(prefix))
  const columns = free.filter(
    (name) => name.length > prefix.length && name.startsWith(prefix) && !longer.some((other) => name.startsWith(other)),
  )
  if (columns.length < 2)
    throw new RecordedError(
      'unknown-column',
      `--${model} ${spec}: ${columns.length} columns begin with ${JSON.stringify(prefix)}, and there must be one for each class. The columns:`,
      listed(header),
    )
  const classes = inOrder(
    columns.map((name) => name.slice(prefix.length)),
    positive,
  )
  return { spec, columns: classes.map((name) => prefix + name), classes }
}

/** Numbers by value, else by spelling: the order of the columns in the file is no matter. Of two the positive one is last. */
function inOrder(classes: readonly string[], positive: string | undefined): string[] {
  const areNumbers = classes.every((name) => name.trim() !== '' && Number.isFinite(Number(name)))
  const sorted = [...classes].sort((a, b) => (areNumbers ? Number(a) - Number(b) : 0) || (a < b ? -1 : 1))
  if (positive === undefined) return sorted
  if (!sorted.includes(positive))
    throw new RecordedError('unknown-label', `--positive ${positive} is none of the classes:`, listed(sorted))
  if (sorted.length > 2)
    throw new RecordedError('bad-argument', `--positive is for two classes, and there are ${sorted.length}`)
  return [...sorted.filter((name) => name !== positive), positive]
}

function requireSameClasses(
  one: ModelColumns & { model: ModelName },
  other: ModelColumns & { model: ModelName },
): void {
  if (one.classes === undefined && other.classes === undefined) return
  const told = ({ model, spec, classes }: typeof one): string =>
    `--${model} ${spec}: ${classes === undefined ? 'one column' : `classes ${listed(classes).join(', ')}`}`
  const [ours, theirs] = [one.classes ?? [], other.classes ?? []]
  if (ours.length === theirs.length && ours.every((name, i) => name === theirs[i])) return
  throw new RecordedError('classes-differ', 'all models must have a probability for the same classes', [
    told(one),
    told(other),
  ])
}
