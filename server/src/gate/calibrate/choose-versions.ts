import { PanalError, type Metrics } from '@panal/client-core'
import type { Registry } from '../../registry/registry.ts'
import type { ModelVersion } from '../../registry/model-version.ts'

/** The versions of a task that a calibration is made from. */
export interface ChosenVersions {
  readonly champion: ModelVersion
  readonly anchor: ModelVersion | null
  readonly like: ModelVersion | null
  readonly earlier: readonly ModelVersion[]
}

/** Another version is about as good where log loss differs by at most this share, and accuracy by at most this much. */
const alike = { logLoss: 0.1, accuracy: 0.02 } as const

/**
 * @param asked the version that stands for the champion; undefined: the champion
 * @throws PanalError 'unknown-version', also where none is asked for and there is no champion
 */
export function chooseVersions(
  registry: Pick<Registry, 'pointers' | 'version' | 'versions'>,
  taskId: string,
  asked?: number,
): ChosenVersions {
  const pointers = registry.pointers(taskId)
  const chosen = asked ?? pointers.champion
  if (chosen === null)
    throw new PanalError(
      'unknown-version',
      'no version has been promoted: name one with --version to stand for the champion',
    )
  const champion = registry.version(taskId, chosen)
  const sound = soundVersions(registry, taskId)
  return {
    champion,
    anchor: pointers.anchor === null ? null : registry.version(taskId, pointers.anchor),
    like: nearest(
      sound.filter((each) => isAlike(each, champion)),
      champion,
    ),
    earlier: spread(sound.filter(({ version }) => version < champion.version)),
  }
}

/** Oldest first. */
function soundVersions(registry: Pick<Registry, 'versions'>, taskId: string): ModelVersion[] {
  const all: ModelVersion[] = []
  for (;;) {
    const before = all.at(-1)?.version
    const page = registry.versions(taskId, { limit: 500, ...(before !== undefined && { before }) })
    if (page.length === 0) break
    all.push(...page)
  }
  return all.filter(({ evaluation }) => evaluation?.sound === true).reverse()
}

function isAlike(other: ModelVersion, champion: ModelVersion): boolean {
  if (other.weightsSha256 === champion.weightsSha256) return false
  const [own, theirs] = [metricsOf(champion), metricsOf(other)]
  if (own === null || theirs === null) return false
  return (
    Math.abs(theirs.logLoss - own.logLoss) <= alike.logLoss * own.logLoss &&
    Math.abs(theirs.accuracy - own.accuracy) <= alike.accuracy
  )
}

const metricsOf = ({ evaluation }: ModelVersion): Metrics | null => evaluation?.evaluation ?? null

/** By its number, the later of two: the gate compares neighbours. */
const nearest = (versions: readonly ModelVersion[], { version }: ModelVersion): ModelVersion | null =>
  [...versions].sort(
    (a, b) => Math.abs(a.version - version) - Math.abs(b.version - version) || b.version - a.version,
  )[0] ?? null

/** The last, the middle one and the first. */
function spread(versions: readonly ModelVersion[]): ModelVersion[] {
  const places = [versions.length - 1, Math.floor(versions.length / 2), 0]
  return [...new Set(places)].flatMap((place) => versions[place] ?? [])
}
