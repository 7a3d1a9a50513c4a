import { parseDocument } from 'yaml'
import { sha256Of } from '@panal/server'
import { ExperimentError } from './experiment-error.ts'

/** A field of an experiment, and the values it shall take. */
export interface GridAxis {
  /** Names from the outermost in: plan, learningRate. */
  readonly path: readonly string[]
  /** Null: the field is left out. */
  readonly values: readonly unknown[]
}

/** One point of the grid. */
export interface GridPoint {
  /** What was set, for people and folder names: `plan.learningRate=0.1`; empty where nothing was. */
  readonly label: string
  readonly value: unknown
}

/**
 * `plan.learningRate=0.05, 0.1`: a field, and its values as YAML has them in a list.
 * @throws ExperimentError 'invalid-experiment'
 */
export function parseAxis(text: string): GridAxis {
  const at = text.indexOf('=')
  const path = text.slice(0, at).split('.')
  const document = parseDocument(`[${text.slice(at + 1)}]`, { version: '1.2' })
  const values: unknown = document.errors.length > 0 ? [] : document.toJS({ maxAliasCount: 0 })
  if (at < 1 || path.includes('') || !Array.isArray(values) || values.length === 0)
    throw new ExperimentError('invalid-experiment', `--grid ${text}: write field.field=value, value`)
  return { path, values: values as unknown[] }
}

/**
 * Every combination of the axes' values, set in the experiment as it was written. What it expects is expected of itself: where
 * anything is set, it is left out.
 */
export function gridPoints(experiment: unknown, axes: readonly GridAxis[]): GridPoint[] {
  const plain = axes.length === 0 ? experiment : withField(experiment, ['expected'], null)
  const points = axes.reduce<GridPoint[]>(
    (points, { path, values }) =>
      points.flatMap(({ label, value }) =>
        values.map((each) => ({
          label: [...(label === '' ? [] : [label]), `${path.join('.')}=${inWords(each)}`].join(' '),
          value: withField(value, path, each),
        })),
      ),
    [{ label: '', value: plain }],
  )
  return points
}

/** A copy with one field set, or without it where it is null; folders of fields on the way are made. */
function withField(value: unknown, [first, ...rest]: readonly string[], set: unknown): unknown {
  if (first === undefined) return set
  const fields = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  const { [first]: inner, ...others } = fields as Readonly<Record<string, unknown>>
  if (set === null && (rest.length === 0 || inner === undefined)) return others
  return { ...fields, [first]: withField(inner, rest, set) }
}

/** Of `{ name: dirichlet, alpha: 0.3 }`: dirichlet,alpha:0.3; of a list, its items with + between them. */
function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(inWords).join('+')
  if (typeof value !== 'object' || value === null) return String(value)
  const { name, ...rest } = value as Readonly<Record<string, unknown>>
  return [
    ...(typeof name === 'string' ? [name] : []),
    ...Object.entries(rest).map(([key, each]) => `${key}:${inWords(each)}`),
  ].join(',')
}

/** File systems take 255 bytes; the seed and room to spare come off that. */
const longestLabel = 200

/** The folder of one run of a sweep: what was set, cut off behind a digest of all of it where that is long. */
export function runFolderName(label: string, seed: number): string {
  const words = label.replace(/[^A-Za-z0-9.=,:+-]+/g, '_')
  const short =
    words.length <= longestLabel ? words : `${words.slice(0, longestLabel - 17)}-${sha256Of(label).slice(0, 16)}`
  return `${short === '' ? '' : `${short}_`}seed=${seed}`
}
