import type { TSchema } from 'typebox'
import Value from 'typebox/value'

/** One mistake in a document: where (JSON Pointer, '' is the document itself) and what. */
export interface DocumentError {
  readonly path: string
  readonly message: string
}

/** The error where `broken`, else none. */
export const when = (broken: boolean, path: string, message: string): DocumentError[] =>
  broken ? [{ path, message }] : []

/** The parts of a JSON schema that TypeBox's own types hide behind its kinds. */
interface Shape extends TSchema {
  readonly type?: string
  readonly const?: unknown
  readonly description?: string
  readonly anyOf?: readonly Shape[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly items?: Shape
}

type Fields = Readonly<Record<string, unknown>>

const pointer = (path: string, key: string | number) =>
  `${path}/${String(key).replace(/~/g, '~0').replace(/\//g, '~1')}`

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const choice = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join(' or ')

/**
 * Every mistake at once. Where the schema offers several shapes, only the one that the document means is held against
 * it: the one whose `kind` or `name` it has, or whose first key; so one mistake gives one error, not one per shape.
 */
export function documentErrors(schema: TSchema, value: unknown, path = ''): DocumentError[] {
  const shape = schema as Shape
  if (shape.anyOf !== undefined) return unionErrors(shape.anyOf, value, path)
  if (shape.properties !== undefined) return objectErrors(shape, value, path)
  if (shape.items !== undefined) return arrayErrors(shape, shape.items, value, path)
  if ('const' in shape) return value === shape.const ? [] : [{ path, message: `must be ${choice([shape.const])}` }]
  return leafErrors(shape, value, path)
}

/** A pattern alone says little to people; what the schema says of it goes along. */
const leafErrors = (shape: Shape, value: unknown, path: string): DocumentError[] =>
  Value.Errors(shape, value).map(({ keyword, message }) => ({
    path,
    message: keyword === 'pattern' && shape.description !== undefined ? `${message}: ${shape.description}` : message,
  }))

function objectErrors({ properties = {}, required = [] }: Shape, value: unknown, path: string): DocumentError[] {
  if (!isFields(value)) return [{ path, message: 'must be an object' }]
  const missing = required.filter((key) => !Object.hasOwn(value, key))
  // Own keys only: a parsed `__proto__` is one of them, and known to no schema.
  const [known, unknown] = partition(Object.keys(value), (key) => Object.hasOwn(properties, key))
  return [
    ...missing.map((key) => ({ path: pointer(path, key), message: 'is missing' })),
    ...unknown.map((key) => ({ path: pointer(path, key.slice(0, 80)), message: 'is not known here' })),
    ...known.flatMap((key) => documentErrors(properties[key]!, value[key], pointer(path, key))),
  ]
}

function arrayErrors(shape: Shape, items: Shape, value: unknown, path: string): DocumentError[] {
  if (!Array.isArray(value)) return [{ path, message: 'must be an array' }]
  const whole = Value.Errors({ ...shape, items: {} }, value).map(({ message }) => ({ path, message }))
  return [...whole, ...value.flatMap((item: unknown, i) => documentErrors(items, item, pointer(path, i)))]
}

function unionErrors(branches: readonly Shape[], value: unknown, path: string): DocumentError[] {
  const literals = branches.flatMap((branch) => ('const' in branch ? [branch.const] : []))
  if (literals.length === branches.length)
    return literals.includes(value) ? [] : [{ path, message: `must be ${choice(literals)}` }]
  const objects = branches.filter(({ properties }) => properties !== undefined)
  if (!isFields(value)) return plainErrors(branches, value, path)
  if (objects.length === 1) return documentErrors(objects[0]!, value, path)
  const tag = tagOf(branches)
  if (tag === undefined) return untaggedErrors(branches, value, path)
  if (!Object.hasOwn(value, tag)) return [{ path: pointer(path, tag), message: 'is missing' }]
  const meant = branches.filter((branch) => branch.properties?.[tag]?.const === value[tag])
  const [only] = meant
  if (only === undefined) {
    const tags = branches.map((branch) => branch.properties?.[tag]?.const)
    return [{ path: pointer(path, tag), message: `must be ${choice(tags)}` }]
  }
  return documentErrors(only, value, path)
}

/** A value that is no object, where some branch may be none either. */
function plainErrors(branches: readonly Shape[], value: unknown, path: string): DocumentError[] {
  const plain = branches.filter(({ properties }) => properties === undefined)
  const meant = plain.find(({ type }) => type === typeof value)
  if (meant !== undefined) return documentErrors(meant, value, path)
  return [{ path, message: ['must be an object', ...plain.map(({ type }) => `a ${type}`)].join(' or ') }]
}

/** The key by whose fixed value the branches differ. */
function tagOf(branches: readonly Shape[]): string | undefined {
  const keys = Object.keys(branches[0]?.properties ?? {})
  return keys.find((key) => {
    const values = branches.map((branch) => branch.properties?.[key]?.const)
    return !values.includes(undefined) && new Set(values).size === branches.length
  })
}

/** Branches told apart by which keys they have. */
function untaggedErrors(branches: readonly Shape[], value: Fields, path: string): DocumentError[] {
  const firstKeys = branches.map((branch) => branch.required?.[0] ?? '')
  const given = firstKeys.filter((key) => Object.hasOwn(value, key))
  const meant = branches[firstKeys.indexOf(given[0] ?? '')]
  if (meant === undefined) return [{ path, message: `must have ${choice(firstKeys)}` }]
  const excluded = given.filter((key) => !Object.hasOwn(meant.properties ?? {}, key))
  if (excluded.length === 0) return documentErrors(meant, value, path)
  const names = [given[0], ...excluded].map((key) => JSON.stringify(key)).join(' and ')
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !excluded.includes(key)))
  return [{ path, message: `has ${names}, which exclude each other: give one` }, ...documentErrors(meant, rest, path)]
}

function partition<Item>(items: readonly Item[], holds: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(holds), items.filter((item) => !holds(item))]
}
