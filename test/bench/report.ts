import type { CodecName, RoundSummary } from '@panal/client-core'
import { measuredWhere, writeSection } from './page.ts'
import type { PhysicalLimit } from './physical-limit.ts'
import { aimGrowthBytes, type Setting } from './round.ts'

/** Everything that one setting's run gave. */
export interface Measured {
  readonly setting: Setting
  readonly numParams: number
  readonly codec: CodecName
  readonly updateBytes: number
  /** Oldest first. */
  readonly rounds: readonly RoundSummary[]
  readonly limit: PhysicalLimit
  /** Of the server before the first device came, bytes. */
  readonly before: number
  /** Of the server after its first round, bytes: the gate's worker is up, and the code compiled. */
  readonly warm: number
  /** Of the server, every 50 ms from then on, bytes. */
  readonly residentBytes: readonly number[]
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`

/** From the end of one round to the end of the next: selection, offers, download, upload, aggregation and gate. */
function cycleTimes(rounds: readonly RoundSummary[]): number[] {
  const ends = rounds.map(({ closedAt }) => closedAt ?? NaN)
  return ends.slice(1).map((end, index) => end - ends[index]!)
}

/** Median resident memory of the last tenth of the run over that of the second tenth, bytes: 0 when flat. */
function drift(samples: readonly number[]): number {
  const tenth = Math.max(1, Math.floor(samples.length / 10))
  return median(samples.slice(-tenth)) - median(samples.slice(tenth, 2 * tenth))
}

export function describeRun(run: Measured): string {
  const { setting, rounds, limit, before, warm, residentBytes } = run
  const cycles = cycleTimes(rounds)
  const cycle = median(cycles)
  const phase = (pick: (round: RoundSummary) => number | undefined) => median(rounds.map((round) => pick(round) ?? NaN))
  const peak = Math.max(...residentBytes)
  const numUpdates = rounds.reduce((sum, { numAccepted }) => sum + numAccepted, 0)
  const bytesEach = rounds.reduce((sum, { bytesUp }) => sum + bytesUp, 0) / numUpdates
  const floor = limit.writeMs + limit.loopbackMs
  const peers = Object.entries(setting.peers).map(
    ([name, [least, most]]) =>
      `${name} ${seconds(least)} to ${seconds(most)} (ours is ${(cycle / least).toFixed(2)} to ${(cycle / most).toFixed(2)} of it)`,
  )
  return [
    `### ${setting.devices} devices × ${run.numParams} params, ${run.codec}, ${rounds.length} rounds`,
    '',
    '| figure | measured | aim |',
    '| --- | --- | --- |',
    `| a round outside training, median | ${seconds(cycle)} | ${seconds(setting.aimMs)} |`,
    `| the slowest round | ${seconds(Math.max(...cycles))} | |`,
    `| of it: collect, aggregate, gate (medians) | ${seconds(phase((r) => r.collectMs))}, ${seconds(phase((r) => r.aggregateMs))}, ${seconds(phase((r) => r.gateMs))} | |`,
    `| peak growth of the server’s memory after its first round | ${megabytes(peak - warm)} | ${megabytes(aimGrowthBytes)} |`,
    `| the same over the idle server (with starting the gate’s worker, compiling) | ${megabytes(peak - before)} | |`,
    `| drift of its memory over the run | ${megabytes(drift(residentBytes))} | flat |`,
    `| bytes of an update over the codec’s own | ${(bytesEach / run.updateBytes).toFixed(4)} | 1.01 |`,
    `| this machine’s limit: write and fsync the same files | ${seconds(limit.writeMs)} | |`,
    `| this machine’s limit: the same bytes over loopback | ${seconds(limit.loopbackMs)} | |`,
    `| the round over both limits together | ${(cycle / floor).toFixed(1)} × | |`,
    ...(peers.length === 0 ? [] : [`| peers, as measured elsewhere on 2 cores | ${peers.join('; ')} | |`]),
    '',
  ].join('\n')
}

/** Prints the runs; with `write`, puts them into docs/benchmarks.md, too. */
export async function reportRounds(runs: readonly Measured[], { write }: { readonly write: boolean }): Promise<void> {
  const text = [measuredWhere(), '', ...runs.map(describeRun)].join('\n')
  console.log(text)
  if (write) await writeSection('round', text)
}
