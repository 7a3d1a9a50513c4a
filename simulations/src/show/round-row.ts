import type { Pointers, RoundSummary } from '@panal/client-core'

/** The columns of the demo's table, each with its title. */
export const roundColumns = [
  'round',
  'phase',
  'asked',
  'ok',
  'refused',
  'late',
  'gone',
  'down',
  'up',
  'train',
  'collect',
  'aggregate',
  'gate',
  'head',
  'champion',
  'accuracy',
  'loss',
] as const

/** One round as a line of the table; '' where there is nothing to say yet. `pointers` are those after the round. */
export const roundRow = (round: RoundSummary, pointers: Pointers | undefined): string[] => [
  String(round.number),
  round.outcome ?? round.phase,
  String(round.numInvited),
  String(round.numAccepted),
  String(round.numRejected),
  String(round.numLate),
  String(round.numDropped),
  formatBytes(round.bytesDown),
  formatBytes(round.bytesUp),
  formatMs(round.trainMs),
  formatMs(round.collectMs),
  formatMs(round.aggregateMs),
  formatMs(round.gateMs),
  formatVersion(pointers?.head),
  formatVersion(pointers?.champion),
  formatPercent(round.accuracy),
  round.logLoss?.toFixed(4) ?? '',
]

const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** Three digits and a unit of 1000s: 950 B, 1.23 MB. */
export function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  return power === 0 ? `${bytes} B` : `${(bytes / 1000 ** power).toPrecision(3)} ${units[power]!}`
}

export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return ''
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

export const formatPercent = (share: number | undefined): string =>
  share === undefined ? '' : `${(share * 100).toFixed(2)} %`

/** Of a test: one that came to no finite number has none. */
export const formatLoss = (loss: number | undefined): string => loss?.toFixed(4) ?? 'not finite'

const formatVersion = (version: number | null | undefined): string =>
  version === undefined || version === null ? '–' : `v${version}`
