import type { TSchema } from 'typebox'
import { completeExperiment } from './complete.ts'
import { Experiment } from './schema.ts'

/** The parts of a JSON schema that are told. */
interface Shape extends TSchema {
  readonly const?: unknown
  readonly default?: unknown
  readonly description?: string
  readonly anyOf?: readonly Shape[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
}

/** Where an experiment names one of several, and what there is: each a line. */
interface Field {
  /** Names from the outermost in, with dots between. */
  readonly path: string
  readonly choices: readonly string[]
}

/**
 * One paragraph a field, as the experiment's schema has it, which has it from the registries: each choice with its options, `?`
 * behind those that may be left out, `=` and what is taken for them then.
 */
export const describeRegistries = (): string =>
  [
    ...fieldsOf(Experiment, []).map(({ path, choices }) => {
      const taken = leftOut(path)
      return [
        `${path}${taken === undefined ? '' : `, left out: ${taken}`}`,
        ...choices.map((line) => `  ${line}`),
      ].join('\n')
    }),
    '',
  ].join('\n')

/** Depth first, in the schema's order; a field that several shapes of a section have is told once. */
function fieldsOf(schema: TSchema, path: readonly string[]): Field[] {
  const { anyOf, items, properties } = schema as Shape
  if (items !== undefined) return fieldsOf(items, path)
  if (properties !== undefined)
    return Object.entries(properties).flatMap(([key, each]) => fieldsOf(each, [...path, key]))
  if (anyOf === undefined) return []
  const choices = anyOf.map(choiceIn)
  if (choices.every((choice) => choice !== undefined)) return [{ path: path.join('.'), choices }]
  const fields = anyOf.flatMap((each) => fieldsOf(each, path))
  return fields.filter((field, i) => fields.findIndex((each) => each.path === field.path) === i)
}

/** Undefined of what is neither a word nor has a name. */
function choiceIn({ const: word, properties }: Shape): string | undefined {
  if (typeof word === 'string') return word
  const { name, ...options } = properties ?? {}
  return typeof name?.const === 'string' ? `${name.const}${optionsInWords(options)}` : undefined
}

function optionsInWords(options: Readonly<Record<string, Shape>>): string {
  const list = Object.entries(options).map(([name, schema]) => {
    const { description, default: taken } = schema
    return [
      `${name}${'~optional' in schema ? '?' : ''}`,
      ...(taken === undefined ? [] : [`= ${JSON.stringify(taken)}`]),
      ...(description === undefined ? [] : [`(${description})`]),
    ].join(' ')
  })
  return list.length === 0 ? '' : `: ${list.join(', ')}`
}

/** What `completeExperiment` fills in for such a field. */
function leftOut(path: string): string | undefined {
  const value = path.split('.').reduce<unknown>((fields, key) => (isFields(fields) ? fields[key] : undefined), asLittle)
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.length === 0 ? 'none' : JSON.stringify(value)
  if (!isFields(value)) return undefined
  const { name, ...options } = value
  return [name, ...Object.entries(options).map(([key, each]) => `${key} ${JSON.stringify(each)}`)].join(', ')
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** Sections that have to be written, and nothing else; of these none is told, for they are made up. */
const {
  data: _data,
  partition: _partition,
  model: _model,
  ...asLittle
} = completeExperiment({
  name: 'little',
  data: { name: 'mnist' },
  devices: 1,
  partition: { name: 'iid' },
  model: { builtin: 'mlp', hidden: [1] },
  plan: { epochs: 1, batchSize: 1, learningRate: 1 },
  cohort: { size: 1 },
  rounds: 1,
})
