import { canonicalJson } from '@panal/client-core'
import { sha256Of } from '@panal/server'
import type { DataDigest } from '../results/run-record.ts'
import { ExperimentError } from './experiment-error.ts'
import type { OpenExperiment } from './open-experiment.ts'
import { processor, type Processor } from './processor.ts'
import { versions } from './surroundings.ts'

/**
 * All that a run's bytes come of. Left out is what changes none: workers, other seeds, what is expected.
 */
export interface RunIdentity {
  readonly experiment: Omit<OpenExperiment['experiment'], 'seeds' | 'expected'>
  readonly seed: number
  /** Name to SHA-256. */
  readonly data: Readonly<Record<string, string>>
  readonly versions: Readonly<Record<string, string>>
  readonly processor: Processor
}

export function identityOf({
  experiment,
  seed,
  data,
}: Pick<OpenExperiment, 'experiment' | 'seed' | 'data'>): RunIdentity {
  return {
    experiment: withoutIdle(experiment),
    seed,
    data: byName(data.digests),
    versions: versions(),
    processor: processor(),
  }
}

/** Of two equal ones equal: what a checkpoint has of it. */
export const digestOfIdentity = (identity: RunIdentity): string => sha256Of(canonicalJson(identity))

/** What `experiment.json` has of it; folders of before it had them have no data, versions and processor. */
export type StoredIdentity = Pick<OpenExperiment, 'experiment' | 'seed'> &
  Partial<Pick<RunIdentity, 'data' | 'versions' | 'processor'>>

/** Of runs of one experiment on the same data equal, whatever their seed, program and processor. */
export const digestOfExperiment = ({ experiment, data = {} }: StoredIdentity): string =>
  sha256Of(canonicalJson({ experiment: withoutIdle(experiment), data }))

/**
 * Program and processor bind a run that is still to come to bytes; one that has come to them is the same run whoever looks at it.
 * @throws ExperimentError 'other-experiment' that names what differs, with both values
 */
export function assertSameRun(
  folder: string,
  stored: StoredIdentity,
  identity: RunIdentity,
  { isFinished }: { readonly isFinished: boolean },
): void {
  const { experiment, seed, data, versions, processor } = stored
  if (data === undefined || versions === undefined || processor === undefined)
    throw new ExperimentError(
      'other-experiment',
      `${folder} was begun by an earlier version, which has not kept what its run depends on: choose another --out`,
    )
  const run = differences(
    { experiment: withoutIdle(experiment), seed, data },
    { experiment: identity.experiment, seed: identity.seed, data: identity.data },
  )
  const by = differences({ versions, processor }, { versions: identity.versions, processor: identity.processor })
  if (run.length > 0)
    throw new ExperimentError('other-experiment', `${folder} holds another run: ${inWords(run)}: choose another --out`)
  if (by.length > 0 && !isFinished)
    throw new ExperimentError(
      'other-experiment',
      `${folder} was begun by another program or processor, and would end with other bytes: ${inWords(by)}: go on with those, or choose another --out`,
    )
}

/** Two files of one name have their place in the list behind it. */
const byName = (digests: readonly DataDigest[]): Record<string, string> =>
  Object.fromEntries(
    digests.map(({ name, sha256 }, i) => [
      digests.findIndex((each) => each.name === name) === i ? name : `${name} (${i + 1})`,
      sha256,
    ]),
  )

function withoutIdle(experiment: OpenExperiment['experiment']): RunIdentity['experiment'] {
  const { seeds: _seeds, expected: _expected, ...rest } = experiment
  return rest
}

interface Difference {
  /** Names from the outermost in, with dots between. */
  readonly path: string
  readonly there: unknown
  readonly here: unknown
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** The innermost fields that differ; a list is the record of its indices. */
function differences(there: unknown, here: unknown, path: readonly string[] = []): Difference[] {
  if (isRecord(there) && isRecord(here) && Array.isArray(there) === Array.isArray(here)) {
    const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])]
    return keys.flatMap((key) => differences(there[key], here[key], [...path, key]))
  }
  return there === here ? [] : [{ path: path.join('.'), there, here }]
}

/** Differences that a message has room for. */
const maxShown = 5

function inWords(found: readonly Difference[]): string {
  const shown = found
    .slice(0, maxShown)
    .map(({ path, there, here }) => `${path} is ${valueInWords(there)} there and ${valueInWords(here)} here`)
  return [...shown, ...(found.length > maxShown ? [`${found.length - maxShown} more`] : [])].join('; ')
}

function valueInWords(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = JSON.stringify(value)
  return text.length <= 60 ? text : `${text.slice(0, 20)}…`
}
