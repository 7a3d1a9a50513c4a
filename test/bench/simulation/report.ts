import { examplesOfDevice } from './models.ts'
import type { Run } from './workers.ts'

export interface Contender {
  readonly title: string
  readonly runs: readonly Run[]
  /** Examples that all processes together train in one run. */
  readonly examplesEach: number
  readonly failed?: string
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
const figure = (value: number): string =>
  value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)

/** Examples a second: the median of the runs, and the best. */
function speeds({ runs, examplesEach }: Contender): { readonly median: number; readonly best: number } {
  const each = runs.map(({ seconds }) => examplesEach / seconds)
  return { median: median(each), best: Math.max(...each) }
}

/** One model's table; the first contender is ours. */
export function reportModel(title: string, epochs: number, contenders: readonly Contender[]): string {
  const [ours] = contenders
  const rows = contenders.map((contender) => {
    const { title: name, failed, runs } = contender
    if (failed !== undefined) return `| ${name} | cannot: ${failed.split('.')[0]!} | | | | |`
    const { median: usual, best } = speeds(contender)
    const cpu = median(runs.map(({ cpuSeconds }) => cpuSeconds)) / contender.examplesEach
    const peak = Math.max(...runs.map(({ peakBytes }) => peakBytes))
    const ratio = contender === ours ? '' : `${figure(ratioOf(ours!, contender))} ×`
    const updates = figure(usual / (examplesOfDevice * epochs))
    return `| ${name} | ${updates} | ${figure(usual)} (${figure(best)}) | ${figure(cpu * 1e6)} µs | ${Math.round(peak / 1e6)} MB | ${ratio} |`
  })
  return [
    `### ${title}`,
    '',
    '| two processes of | device updates/s | examples/s, median (best) | CPU time of an example | memory of one process | compiled over it |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

/** Of those that ran in turns the median of the turns' ratios; else that of the medians. */
function ratioOf(ours: Contender, other: Contender): number {
  if (ours.runs.length !== other.runs.length) return speeds(ours).median / speeds(other).median
  const work = ours.examplesEach / other.examplesEach
  return median(ours.runs.map(({ seconds }, turn) => (work * other.runs[turn]!.seconds) / seconds))
}
