import { tableCsv } from './csv.ts'
import type { ResultFigure } from './figure.ts'
import { setUpCode } from './notebook-code.ts'
import { resultFigures } from './result-figures.ts'
import { resultTables } from './result-tables.ts'
import { assertRuns, textFile, type ResultWriter } from './result-writer.ts'
import type { RunRecord } from './run-record.ts'
import { byName } from './seed-bands.ts'
import { standaloneSvg } from './standalone-svg.ts'

interface Output {
  readonly output_type: 'display_data'
  readonly data: Readonly<Record<string, readonly string[]>>
  readonly metadata: object
}

interface CellContent {
  /** Unique in the notebook. */
  readonly id: string
  readonly metadata: object
  readonly source: readonly string[]
}
type Cell = CellContent &
  (
    | { readonly cell_type: 'markdown' }
    | { readonly cell_type: 'code'; readonly execution_count: null; readonly outputs: readonly Output[] }
  )

/**
 * A Jupyter notebook (nbformat 4.5) with every figure as it came out, under the code that draws it anew with pandas and
 * matplotlib from the CSV files beside it.
 * Source: nbformat.readthedocs.io, nbformat.v4.5.schema.json
 */
export const notebook: ResultWriter = {
  name: 'notebook',
  write(runs) {
    assertRuns(runs)
    const tables = resultTables(runs).map((table) => textFile(`${table.name}.csv`, tableCsv(table)))
    return [textFile('results.ipynb', `${JSON.stringify(notebookOf(runs), null, 1)}\n`), ...tables]
  },
}

const notebookOf = (runs: readonly RunRecord[]) => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {
    kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' },
    language_info: { name: 'python', file_extension: '.py', mimetype: 'text/x-python' },
  },
  cells: [
    markdown('title', introduction(runs)),
    code('set-up', setUpCode(resultTables(runs).map(({ name }) => name))),
    ...resultFigures(runs).flatMap((figure) => [
      markdown(`about-${figure.id}`, `## ${figure.title}\n\n${figure.says}`),
      code(figure.id, figure.python, figure),
    ]),
    markdown(
      'record',
      `## What was run\n\n${[...byName(runs)].map(([name, seeds]) => recordOf(name, seeds)).join('\n\n')}`,
    ),
  ],
})

const introduction = (runs: readonly RunRecord[]): string =>
  [
    `# Results: ${[...byName(runs).keys()].join(', ')}`,
    '',
    'The figures are those of the runs. Running the cells draws them anew from the CSV files beside this notebook; that needs pandas and matplotlib.',
  ].join('\n')

function recordOf(name: string, seeds: readonly RunRecord[]): string {
  const { config, versions, gitCommit, data, resources } = seeds[0]!
  const record = { seeds: seeds.map(({ seed }) => seed), gitCommit, versions, data, resources, config }
  return `### ${name}\n\n\`\`\`json\n${JSON.stringify(record, null, 2)}\n\`\`\``
}

const markdown = (id: string, text: string): Cell => ({
  id,
  cell_type: 'markdown',
  metadata: {},
  source: linesOf(text),
})

const code = (id: string, text: string, figure?: ResultFigure): Cell => ({
  id,
  cell_type: 'code',
  metadata: {},
  execution_count: null,
  source: linesOf(text),
  outputs: figure === undefined ? [] : [outputOf(figure)],
})

/** Where a program shows no SVG of a notebook that it does not trust, it shows what the picture says. */
const outputOf = ({ title, says, picture }: ResultFigure): Output => ({
  output_type: 'display_data',
  data: { 'image/svg+xml': linesOf(standaloneSvg(picture)), 'text/plain': linesOf(`${title}. ${says}`) },
  metadata: {},
})

/** Lines with their ends, as notebooks hold texts so that their differences can be read. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
