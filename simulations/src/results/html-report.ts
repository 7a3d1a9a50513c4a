import {
  countOf,
  fold,
  h,
  sayCount,
  sayDuration,
  sayNumber,
  sayShare,
  table,
  type MarkupElement,
} from '@panal/client-core'
import { htmlFile } from '@panal/server'
import { expectationTable } from './expectation.ts'
import { figureOnPage, type ResultFigure } from './figure.ts'
import { partitionFigures, personalFigures, phaseFigures, progressFigures } from './result-figures.ts'
import { decileFigures } from './bar-figures.ts'
import { lastTested } from './last-tested.ts'
import { assertRuns, textFile, type ResultWriter } from './result-writer.ts'
import { totalBytes } from './result-tables.ts'
import type { RoundRecord, RunRecord } from './run-record.ts'
import { byName } from './seed-bands.ts'

/** One page that needs nothing else: opened from a disk, sent by mail or printed; readable on a phone. */
export const html: ResultWriter = {
  name: 'html',
  write(runs) {
    assertRuns(runs)
    const names = [...byName(runs).keys()]
    const title = names.length === 1 ? names[0]! : `${names.length} experiments`
    return [textFile('report.html', htmlFile(`Results: ${title}`, reportPage(title, runs)))]
  },
}

const reportPage = (title: string, runs: readonly RunRecord[]): MarkupElement =>
  h(
    'article',
    { class: 'report' },
    h('h1', {}, `Results: ${title}`),
    h('section', {}, h('h2', {}, 'In numbers'), summaryTable(runs)),
    expectationTable(runs),
    section('Learning', progressFigures(runs)),
    section('Models of the devices’ own', personalFigures(runs)),
    section('By device', decileFigures(runs)),
    section('Data of the devices', partitionFigures(runs)),
    section('Time', phaseFigures(runs)),
    h(
      'section',
      {},
      h('h2', {}, 'What was run'),
      [...byName(runs)].map(([name, seeds]) => origin(name, seeds)),
    ),
  )

const section = (title: string, figures: readonly ResultFigure[]): MarkupElement | false =>
  figures.length > 0 && h('section', {}, h('h2', {}, title), h('div', { class: 'figures' }, figures.map(figureOnPage)))

const summaryTable = (runs: readonly RunRecord[]): MarkupElement =>
  table(
    'Each experiment over its seeds',
    [
      { title: 'Experiment' },
      { title: 'Seeds', isNumber: true },
      { title: 'Rounds', isNumber: true },
      { title: 'Last accuracy', isNumber: true },
      { title: 'Last loss', isNumber: true },
      { title: 'Traffic', isNumber: true },
      { title: 'Simulated time', isNumber: true },
      { title: 'Real time', isNumber: true },
    ],
    [...byName(runs)].map(([name, seeds]) => [
      name,
      sayCount(seeds.length),
      spread(
        seeds.map(({ rounds }) => rounds.length),
        sayCount,
      ),
      spread(
        lasts(seeds, ({ accuracy }) => accuracy),
        sayShare,
      ),
      spread(
        lasts(seeds, ({ loss }) => loss),
        sayNumber,
      ),
      spread(
        seeds.map((run) => (totalBytes(run).at(-1) ?? 0) / 1e6),
        (mb) => `${sayNumber(mb)} MB`,
      ),
      spread(
        seeds.map(({ rounds }) => rounds.at(-1)?.simulatedMs ?? 0),
        sayLong,
      ),
      spread(
        seeds.map(({ resources }) => resources.wallMs),
        sayLong,
      ),
    ]),
  )

/** Of the last test of each run that was tested; none of one that came to none, such as a loss that is not finite. */
const lasts = (runs: readonly RunRecord[], of: (at: RoundRecord) => number | undefined): number[] =>
  runs.flatMap(({ rounds }) => {
    const last = lastTested(rounds)
    return (last && of(last)) ?? []
  })

/** `97.1 % to 97.4 %`; one value where all are alike; a dash where there is none. */
function spread(values: readonly number[], say: (value: number) => string): string {
  if (values.length === 0) return '–'
  const [low, high] = [say(Math.min(...values)), say(Math.max(...values))]
  return low === high ? low : `${low} to ${high}`
}

const sayLong = (ms: number): string => (ms < 2 * 3_600_000 ? sayDuration(ms) : `${sayNumber(ms / 3_600_000)} h`)

function origin(name: string, seeds: readonly RunRecord[]): MarkupElement {
  const { gitCommit, versions, data, resources, config } = seeds[0]!
  const rows: (readonly [string, string])[] = [
    ['Seeds', seeds.map(({ seed }) => seed).join(', ')],
    ['Commit', gitCommit ?? 'not under git'],
    [
      'Versions',
      Object.entries(versions)
        .map((each) => each.join(' '))
        .join(', '),
    ],
    [
      'Machine',
      `${resources.machine}, ${countOf(resources.numCores, 'core')}, ${countOf(resources.numWorkers, 'worker')}`,
    ],
    ['Memory', `${sayNumber(resources.peakMemoryBytes / 1e6)} MB at most`],
    ...data.map((each) => [each.name, each.sha256] as const),
  ]
  return fold(
    name,
    false,
    h(
      'dl',
      { class: 'digests' },
      rows.map(([term, says]) => h('div', {}, h('dt', {}, term), h('dd', {}, h('code', {}, says)))),
    ),
    h('pre', {}, h('code', {}, JSON.stringify(config, null, 2))),
  )
}
