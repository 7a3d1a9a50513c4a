import type { RoundSummary } from '@panal/client-core'
import type { LoadSize } from '../load.ts'
import { measuredWhere, writeSection } from '../page.ts'
import type { PhysicalLimit } from '../physical-limit.ts'
import type { ActiveDevices } from './active.ts'
import type { BarePeer } from './bare-peer.ts'
import type { Stage } from './stages.ts'
import { Timings } from './timings.ts'

/** Everything that one run gave. */
export interface LoadResult {
  readonly size: LoadSize
  /** In their order; the names are those of load.ts. */
  readonly stages: readonly Stage[]
  readonly joins: Timings
  readonly work: ActiveDevices
  /** Of the active devices, oldest first. */
  readonly rounds: readonly RoundSummary[]
  readonly slowReceipts: number
  readonly idleDeviceBytes: number
  /** A Socket.IO server with nothing behind it, connected to at the same rate. */
  readonly peer: BarePeer
  /** For the updates of one round of the active devices. */
  readonly limit: PhysicalLimit
  /** What went wrong, and how often. */
  readonly problems: ReadonlyMap<string, number>
}

const aims = { idleDeviceBytes: 20e3, slowGrowthBytes: 100e6, joinP99Ms: 1000 }

const kilobytes = (bytes: number) => `${(bytes / 1e3).toFixed(1)} kB`
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
const millis = (ms: number) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`)
const ratio = (ours: number, other: number) => `${(ours / other).toFixed(1)} ×`
const quantiles = (times: Timings) => [0.5, 0.95, 0.99].map((share) => millis(times.quantile(share))).join(', ')

/** From the opening of a round to each of its offers, ms: two processes of one machine, one clock. */
function offerTimes({ work, rounds }: LoadResult): Timings {
  const times = new Timings()
  for (const { number, openedAt } of rounds) for (const at of work.offers.get(number) ?? []) times.add(at - openedAt)
  return times
}

function describe(result: LoadResult): string {
  const { size, stages, joins, work, rounds, slowReceipts, idleDeviceBytes, peer, limit, problems } = result
  const named = (name: string) => stages.find((each) => each.name === name)!
  const slow = named('the same, and slow uploads')
  const growth = slow.peak - slow.before
  const numUpdates = rounds.reduce((sum, { numAccepted }) => sum + numAccepted, 0)
  const good = rounds.filter(({ outcome }) => outcome !== 'abandoned').length
  const joining = named('the other idle devices join')
  const joinCpuMs = (1000 * joining.cpuSeconds) / (size.idle - Math.floor(size.idle / 5))
  const collectMs = median(rounds, (round) => round.collectMs)
  // The weights, which go to each device, have as many bytes as an update.
  const limitMs = limit.writeMs + 2 * limit.loopbackMs
  const rows = [
    [
      `join of ${joins.count} devices, 333 begin each second: p50, p95, p99`,
      quantiles(joins),
      `p99 ${millis(aims.joinP99Ms)}`,
    ],
    ['the same of a bare Socket.IO server, only connecting: p50, p95, p99', quantiles(peer.connects), ''],
    [
      'server CPU for one join; of a bare server for one connection',
      `${joinCpuMs.toFixed(2)} ms; ${peer.cpuMs.toFixed(2)} ms: ${ratio(joinCpuMs, peer.cpuMs)}`,
      '',
    ],
    ['assignment, from the opening of the round: p50, p95, p99', quantiles(offerTimes(result)), ''],
    ['upload, from the last byte to the receipt: p50, p95, p99', quantiles(work.uploads), ''],
    ['rounds finished by the active devices, and updates in them', `${good}, ${numUpdates}`, ''],
    ['a round of the active devices: collect, aggregate, gate (medians)', phases(rounds), ''],
    [
      'this machine’s limit for its updates: write and fsync, loopback (and the latter again for the weights)',
      `${millis(limit.writeMs)}, ${millis(limit.loopbackMs)}`,
      '',
    ],
    ['collecting over the limits together', ratio(collectMs, limitMs), ''],
    ['memory of one idle device', kilobytes(idleDeviceBytes), kilobytes(aims.idleDeviceBytes)],
    [
      'the same of a bare Socket.IO client',
      `${kilobytes(peer.clientBytes)}: ${ratio(idleDeviceBytes, peer.clientBytes)}`,
      '',
    ],
    [
      'growth during the slow uploads: peak over what it was before',
      megabytes(growth),
      megabytes(aims.slowGrowthBytes),
    ],
    [`slow uploads that got a receipt, of ${size.slow}`, String(slowReceipts), String(size.slow)],
    [
      'all that went wrong',
      [...problems].map(([what, times]) => `${times} × ${what}`).join('; ') || 'nothing',
      'nothing',
    ],
  ]
  const stageRows = stages.map(({ name, wallMs, cpuSeconds, before, peak, after }) => [
    name,
    millis(wallMs),
    `${cpuSeconds.toFixed(1)} s`,
    `${Math.round((100 * cpuSeconds * 1000) / wallMs)} %`,
    [before, peak, after].map(megabytes).join(', '),
  ])
  return [
    `### ${size.idle} idle, ${size.active} active and ${size.slow} slow devices`,
    '',
    ...table(['figure', 'measured', 'aim'], rows),
    '',
    ...table(['part', 'took', 'server CPU', 'of one core', 'server memory before, peak, after'], stageRows),
  ].join('\n')
}

function median(rounds: readonly RoundSummary[], pick: (round: RoundSummary) => number | undefined): number {
  const times = new Timings()
  for (const round of rounds) times.add(pick(round) ?? NaN)
  return times.quantile(0.5)
}

const phases = (rounds: readonly RoundSummary[]): string =>
  [median(rounds, (r) => r.collectMs), median(rounds, (r) => r.aggregateMs), median(rounds, (r) => r.gateMs)]
    .map(millis)
    .join(', ')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)

/** Prints the result; with `write`, puts it into docs/benchmarks.md, too. */
export async function reportLoad(result: LoadResult, { write }: { readonly write: boolean }): Promise<void> {
  const text = [measuredWhere(), '', describe(result)].join('\n')
  console.log(text)
  if (write) await writeSection('load', text)
}
