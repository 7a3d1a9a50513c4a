import {
  coordinate,
  chartWidth,
  h,
  sayDuration,
  sayNumber,
  shorten,
  svg,
  table,
  type MarkupElement,
} from '@panal/client-core'
import type { ResultFigure } from './figure.ts'
import { decileCode, phaseCode } from './notebook-code.ts'
import { byName, mean } from './seed-bands.ts'
import type { DeviceDeciles, RunRecord } from './run-record.ts'

const rowHeight = 24
const area = { left: 112, right: chartWidth - 74 }

interface Bar {
  readonly name: string
  readonly value: number
  readonly says: string
}

/** Real time that each phase of a run took, over all rounds; the mean over the seeds. Undefined where no phase was timed. */
export function phaseFigure(runs: readonly RunRecord[], id: string): ResultFigure | undefined {
  const name = runs[0]!.name
  const phases = [...new Set(runs.flatMap(({ rounds }) => rounds.flatMap((at) => Object.keys(at.phases))))]
  if (phases.length === 0) return undefined
  const total = (phase: string) => mean(runs.map(({ rounds }) => sum(rounds.map((at) => at.phases[phase] ?? 0))))
  const bars = phases
    .map((phase): Bar => ({ name: phase, value: total(phase), says: sayDuration(total(phase)) }))
    .sort((a, b) => b.value - a.value)
  return {
    id,
    title: `Time by phase: ${name}`,
    says: 'Real time of all rounds together. Phases that run at the same time are each counted whole.',
    picture: barPicture(`Time by phase of ${name}`, bars),
    python: phaseCode(name),
  }
}

/** How a metric spreads over the devices in the last round that has it, in each experiment’s first run. */
export function decileFigures(runs: readonly RunRecord[]): ResultFigure[] {
  return [...byName(runs).values()].flatMap(([run], i) => {
    const last = run!.rounds.findLast(({ deciles = [] }) => deciles.length > 0)
    return (last?.deciles ?? []).map((deciles, k) =>
      decileFigure(run!, { round: last!.round, deciles, id: `deciles-${i + 1}-${k + 1}` }),
    )
  })
}

function decileFigure(
  { name, seed }: RunRecord,
  { round, deciles, id }: { round: number; deciles: DeviceDeciles; id: string },
): ResultFigure {
  const { metric, values } = deciles
  const names = values.map((_, i) => (i === 0 ? 'least' : i === values.length - 1 ? 'greatest' : `${10 * i} %`))
  const bars = values.map((value, i): Bar => ({ name: names[i]!, value, says: sayNumber(value) }))
  const title = `${metric} by device: ${name}`
  return {
    id,
    title,
    says: `Round ${round}, seed ${seed}: so many per cent of the devices have at most this ${metric}.`,
    picture: barPicture(title, bars),
    python: decileCode({ name, seed, round, metric }),
    numbers: table(
      `${title}: numbers`,
      [{ title: 'Devices' }, { title: metric, isNumber: true }],
      bars.map((bar) => [bar.name, bar.says]),
    ),
  }
}

function barPicture(title: string, bars: readonly Bar[]): MarkupElement {
  const largest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  const width = (value: number) => coordinate(Math.max(0, value / largest) * (area.right - area.left))
  return svg(
    {
      title,
      says: bars.map(({ name, says }) => `${name}: ${says}.`).join(' '),
      height: bars.length * rowHeight + 8,
    },
    bars.map(({ name, value, says }, i) => {
      const y = 4 + i * rowHeight
      return [
        h('text', { x: area.left - 8, y: y + 15, 'text-anchor': 'end' }, shorten(name, 15)),
        h('rect', { class: 'bar s1', x: area.left, y: y + 3, width: width(value), height: rowHeight - 8 }),
        h('text', { x: coordinate(area.left + width(value) + 6), y: y + 15 }, says),
      ]
    }),
  )
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
