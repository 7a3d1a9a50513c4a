import { readFileSync } from 'node:fs'
import { SaxesParser } from 'saxes'
import { Compile } from 'typebox/schema'
import { describe, expect, it } from '@jest/globals'
import { resultWriters, type RoundRecord } from '@panal/simulations'
import { bandFigure, thinned } from '../../../../simulations/src/results/band-figure.ts'
import { seedBands } from '../../../../simulations/src/results/seed-bands.ts'
import { dataFile } from '../../../fixtures/data-files.ts'
import { runRecords } from '../../../fixtures/run-records.ts'

const fileOf = (format: 'html' | 'notebook', path: string) =>
  new TextDecoder().decode(resultWriters[format].write(runRecords).find((file) => file.path === path)!.bytes)

it('the page has the loss of the last test, and none where that is no finite number', () => {
  const [run] = runRecords
  // tested in rounds 2, 4 and 6, the losses 1 − 0.1 · round
  const pageOf = (rounds: RoundRecord[]) =>
    new TextDecoder().decode(
      resultWriters.html.write([{ ...run!, rounds }]).find(({ path }) => path === 'report.html')!.bytes,
    )
  const summaryOf = (page: string) =>
    [...page.slice(0, page.indexOf('</table>')).matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell)
  const rounds = [...run!.rounds]
  expect(summaryOf(pageOf(rounds))).toContain('0.4')
  const { loss: _, ...last } = rounds.pop()!
  const summary = summaryOf(pageOf([...rounds, last]))
  expect(summary).toContain('–')
  expect(summary).not.toContain('0.6')
})

describe('seedBands', () => {
  const rounded = (metric: 'accuracy' | 'loss', axis: 'rounds' | 'bytes' | 'time') =>
    seedBands(runRecords, metric, axis).map(({ name, points }) => [
      name,
      points.map(({ x, y, low, high }) => [x, y, low, high].map((value) => Number(value.toFixed(6)))),
    ])

  it('are the mean and range of the rounds in which every seed was tested', () => {
    // Seed 1 was tested in rounds 2, 4 and 6, seed 2, 0.2 higher, in 2 and 4.
    expect(rounded('accuracy', 'rounds')).toEqual([
      [
        'avg',
        [
          [2, 0.3, 0.2, 0.4],
          [4, 0.5, 0.4, 0.6],
        ],
      ],
      [
        'prox, "µ = 0.1" <b>',
        [
          [2, 0.1, 0.1, 0.1],
          [4, 0.2, 0.2, 0.2],
        ],
      ],
    ])
  })
  it('lie at what was sent and received, and at the simulated time', () => {
    // 3,000 bytes and an hour a round
    expect(rounded('loss', 'bytes')[0]![1]).toEqual([
      [0.006, 0.7, 0.6, 0.8],
      [0.012, 0.5, 0.4, 0.6],
    ])
    expect(seedBands(runRecords, 'loss', 'time')[0]!.points.map(({ x }) => x)).toEqual([2, 4])
  })
  it('leave out what is no number, and experiments without any', () => {
    const diverged = { ...runRecords[0]!, rounds: runRecords[0]!.rounds.map((at) => ({ ...at, loss: NaN })) }
    expect(seedBands([diverged], 'loss', 'rounds')).toEqual([])
  })
  it('are drawn from at most 200 points, the first and the last among them', () => {
    expect(thinned([1, 2, 3], 5)).toEqual([1, 2, 3])
    expect(thinned([...Array(1001).keys()], 5)).toEqual([0, 250, 500, 750, 1000])
    const rounds = Array.from({ length: 5000 }, (_, i) => ({ ...runRecords[0]!.rounds[1]!, round: i + 1 }))
    const { picture } = bandFigure(
      seedBands([{ ...runRecords[0]!, rounds }], 'accuracy', 'rounds'),
      'accuracy',
      'rounds',
    )
    const paths = JSON.stringify(picture).match(/"d":"[^"]*"/g)!
    expect(paths.map((d) => d.split('L').length)).toEqual([400, 200]) // the band there and back, and the line
  })
})

describe('the HTML report', () => {
  const page = fileOf('html', 'report.html')

  it('says each experiment’s results with the spread over its seeds', () => {
    const row = /<tr role="row"><th[^>]*>avg<\/th>.*?<\/tr>/.exec(page)![0]
    const cells = [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell]) => cell)
    // Seed 1: rounds 1 to 6, tested last in 6 (60 %); seed 2: 1 to 5, last in 4 (0.4 + 0.2). 3,000 bytes and an hour a round.
    expect(cells).toEqual(['avg', '2', '5 to 6', '60.0 %', '0.4', '0.015 MB to 0.018 MB', '5 h to 6 h', '1.5 s'])
  })
  it('has every picture, with what it says for those who do not see it', () => {
    const titles = [...page.matchAll(/<svg [^>]*aria-label="([^".]*)/g)].map(([, title]) => title)
    const prox = 'prox, &quot;µ = 0'
    expect(titles).toEqual([
      'Accuracy by rounds',
      'Accuracy by traffic of all devices together',
      'Accuracy by simulated time',
      'Loss by rounds',
      'Loss by traffic of all devices together',
      'Loss by simulated time',
      `accuracy by device: ${prox}`,
      'Who has what: avg',
      `Who has what: ${prox}`,
      'Time by phase of avg',
      `Time by phase of ${prox}`,
    ])
    expect(page).toContain('avg: 30.0 % at 2, 50.0 % at 4.')
  })
  it('needs nothing else, and runs nothing', () => {
    expect(page).toContain("default-src 'none'")
    expect(page).not.toMatch(/<script|<link|src=|href=|url\(/)
    expect(page).not.toContain('<b>') // the name of an experiment is no markup
  })
  it('says what was run', () => {
    for (const said of [
      '0123456789abcdef',
      'node 20.20.2',
      'ab'.repeat(32),
      '&quot;shardsPerDevice&quot;: 2',
      '512 MB',
    ])
      expect(page).toContain(said)
  })
})

interface Notebook {
  readonly cells: readonly {
    readonly id: string
    readonly cell_type: string
    readonly source: readonly string[]
    readonly outputs?: readonly { readonly data: Readonly<Record<string, readonly string[]>> }[]
  }[]
}

describe('the notebook', () => {
  const book = JSON.parse(fileOf('notebook', 'results.ipynb')) as Notebook
  const pictures = book.cells.flatMap(({ id, outputs = [] }) => outputs.map(({ data }) => ({ id, data })))

  it('is a valid notebook of nbformat 4.5', () => {
    const schema = Compile(JSON.parse(readFileSync(dataFile('nbformat.v4.5.schema.json'), 'utf8')) as object)
    expect(schema.Errors(book)).toEqual([true, []])
    // What is not valid is told apart.
    const [cell] = book.cells
    expect(
      [
        { ...book, nbformat_minor: 4 },
        { ...book, cells: [{ ...cell, id: 'a b' }] },
      ].map((each) => schema.Check(each)),
    ).toEqual([false, false])
    expect(new Set(book.cells.map(({ id }) => id)).size).toBe(book.cells.length)
  })
  it('has every figure under the code that draws it, as an SVG of its own and as words', () => {
    expect(pictures.map(({ id }) => id)).toEqual([
      'accuracy-by-rounds',
      'accuracy-by-bytes',
      'accuracy-by-time',
      'loss-by-rounds',
      'loss-by-bytes',
      'loss-by-time',
      'deciles-2-1',
      'partition-1',
      'partition-2',
      'phases-1',
      'phases-2',
    ])
    for (const { data } of pictures) {
      const elements: string[] = []
      const parser = new SaxesParser()
      parser.on('opentag', ({ name }) => elements.push(name))
      parser.write(data['image/svg+xml']!.join('')).close() // throws on what is not well-formed
      expect(elements.slice(0, 4)).toEqual(['svg', 'style', 'title', 'desc'])
      expect(data['text/plain']!.join('').length).toBeGreaterThan(20)
    }
  })
  it('reads the CSV files that lie beside it, and their columns', () => {
    const files = resultWriters.notebook
      .write(runRecords)
      .map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)] as const)
    const source = book.cells.filter((cell) => cell.cell_type === 'code').map((cell) => cell.source.join(''))
    const read = source.flatMap((text) => [...text.matchAll(/read_csv\("([^"]+)"\)/g)].map(([, path]) => path))
    expect(read).toEqual(files.slice(1).map(([path]) => path))
    const columns = new Set(files.slice(1).flatMap(([, text]) => text.split('\n')[0]!.split(',')))
    const made = source.flatMap((text) => [...text.matchAll(/^rounds\["(\w+)"\] =/gm)].map(([, name]) => name))
    const used = source.flatMap((text) =>
      [...text.matchAll(/(?:rounds|shown|by_round|deciles|partition)\["(\w+)"\]/g)].map(([, name]) => name!),
    )
    expect(used.length).toBeGreaterThan(10)
    expect(used.filter((name) => !columns.has(name) && !made.includes(name))).toEqual([])
  })
  it('quotes names in its code', () => {
    const [deciles] = book.cells.filter(({ id }) => id === 'deciles-2-1')
    expect(deciles!.source.join('')).toContain(String.raw`deciles["name"] == "prox, \"µ = 0.1\" <b>"`)
  })
})
