import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { makeRng, type GateReport } from '@panal/client-core'
import { GateReportSchema } from '../../server/src/gate/report-schema.ts'
import { panalHere, type CliOutcome } from '../fixtures/panal-here.ts'
import { drawn, shuffled, without, writeCsv, writeParquet, type Columns } from '../fixtures/recorded-files.ts'
import { reportErrors } from '../fixtures/report-errors.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panal-evaluate-'))
})
afterAll(() => rm(folder, { recursive: true }))

const run = (...args: string[]) => panalHere('evaluate', ...args)

/** The same in a process of its own. */
async function spawnPanal(...args: string[]): Promise<CliOutcome> {
  const panal = fileURLToPath(new URL('../../server/bin/panal.js', import.meta.url))
  const child = spawn(process.execPath, [panal, 'evaluate', ...args])
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number, out, err }
}

const inFolder = (name: string): string => join(folder, name)
const binary = ['--label', 'label', '--champion', 'p_old', '--candidate', 'p_new']

/** Writes a CSV, judges it, and reads the report back; it must hold by the schema. */
async function judge(columns: Columns, ...args: string[]): Promise<CliOutcome & { bytes: string; report: GateReport }> {
  const [data, json] = [inFolder('data.csv'), inFolder('report.json')]
  await writeCsv(data, columns)
  const ended = await run('--data', data, '--json', json, ...args)
  const bytes = await readFile(json, 'utf8')
  await rm(json)
  const report = JSON.parse(bytes) as GateReport
  expect(reportErrors(report)).toEqual([])
  return { ...ended, bytes, report }
}

/** Three classes by one column each, right with the given shares: the better model wherever the worse one is. */
function threeClasses(n: number, right: { readonly old: number; readonly new: number }, seed = 1): Columns {
  const rng = makeRng(seed)
  const classes = ['cat', 'dog', 'eel']
  const rows = Array.from({ length: n }, (_, i) => {
    const label = Math.floor(3 * rng.uniform())
    const difficulty = rng.uniform()
    const answer = (share: number): number => (difficulty < share ? label : (label + 1) % 3)
    const row = (answered: number) => classes.map((_name, k) => (k === answered ? 0.8 : 0.1))
    return { id: i, label: classes[label]!, old: row(answer(right.old)), new: row(answer(right.new)) }
  })
  return {
    id: rows.map(({ id }) => id),
    animal: rows.map(({ label }) => label),
    ...Object.fromEntries(classes.map((name, k) => [`old_${name}`, rows.map((row) => row.old[k]!)])),
    // In another order: classes are told by their names.
    ...Object.fromEntries(classes.toReversed().map((name, k) => [`new_${name}`, rows.map((row) => row.new[2 - k]!)])),
  }
}
const ofAnimals = ['--label', 'animal', '--champion', 'prefix:old_', '--candidate', 'prefix:new_', '--id', 'id']

describe('the exit code is the verdict', () => {
  it('0: an equal model is promoted where there are examples enough', async () => {
    const { code, out, report } = await judge(drawn({ n: 8000 }), ...binary, '--id', 'id')
    expect([code, report.verdict]).toEqual([0, 'PASS'])
    expect(out).toMatch(/^PASS: promote\nPassed baselines, no-regression/)
  })
  it('2: with few it is held', async () => {
    const { code, out, report } = await judge(drawn({ n: 300 }), ...binary, '--id', 'id')
    expect([code, report.verdict]).toEqual([2, 'NOT_ENOUGH_DATA'])
    expect(out).toMatch(/^NOT_ENOUGH_DATA: hold/)
  })
  it('2: the champion itself is no change', async () => {
    const { code, report } = await judge(drawn({ n: 300 }), ...binary, '--candidate', 'p_old')
    expect([code, report.verdict]).toEqual([2, 'NO_CHANGE'])
  })
  it('3: a model that is worse is blocked', async () => {
    const { code, out, report } = await judge(drawn({ n: 2000, noise: 1.5 }), ...binary, '--id', 'id')
    expect([code, report.verdict, report.sound]).toEqual([3, 'BLOCK', true])
    expect(out).toMatch(/^BLOCK: block\nno-regression: Worse than the champion/)
  })
  it('3: so is one that is worse in one segment only, and the report says where', async () => {
    const { code, report } = await judge(drawn({ n: 6000, noiseInB: 1 }), ...binary, '--id', 'id', '--segments', 'job')
    expect([code, report.verdict]).toEqual([3, 'BLOCK'])
    const blocked = report.checks.find(({ check }) => check === 'segments')!
    expect(blocked.rows.filter(({ verdict }) => verdict === 'BLOCK').map(({ segment }) => segment)).toContain('job=b')
    expect(blocked.rows.filter(({ segment }) => segment !== 'job=b').map(({ verdict }) => verdict)).not.toContain(
      'BLOCK',
    )
  })
  it('1: an error, and nothing is written', async () => {
    const { code, out, err } = await run('--data', inFolder('nowhere.csv'), ...binary, '--json', inFolder('no.json'))
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^panal: unreadable-file: .*nowhere\.csv cannot be read: there is no such file\n$/)
    await expect(readFile(inFolder('no.json'))).rejects.toThrow('ENOENT')
  })
  it('in a process of its own, with no server', async () => {
    await writeCsv(inFolder('worse.csv'), drawn({ n: 2000, noise: 1.5 }))
    const worse = await spawnPanal('--data', inFolder('worse.csv'), ...binary)
    expect([worse.code, worse.err]).toEqual([3, ''])
    const wrong = await spawnPanal('--data')
    expect([wrong.code, wrong.out]).toEqual([1, ''])
  }, 60_000)
})

describe('the same rows give the same bytes', () => {
  it.each([
    ['told by --id', ['--id', 'id']],
    ['told by their content', []],
    [
      'with everything',
      ['--anchor', 'p_old', '--client', 'client', '--segments', 'job,job+age', '--calibration', '0.3'],
    ],
  ])('in any order, %s', async (_, args) => {
    const columns = drawn({ n: 500 })
    const { bytes } = await judge(columns, ...binary, ...args)
    expect((await judge(shuffled(columns, makeRng(7)), ...binary, ...args)).bytes).toBe(bytes)
    expect((await judge(shuffled(columns, makeRng(8)), ...binary, ...args)).bytes).toBe(bytes)
  })
  it('whatever the separator, the line ends, the order of the columns and the name of the file', async () => {
    const columns = drawn({ n: 300 })
    const { bytes } = await judge(columns, ...binary)
    const turned = Object.fromEntries(Object.entries(columns).reverse())
    await writeCsv(inFolder('other.txt'), turned, { separator: ';', newline: '\r\n' })
    await run('--data', inFolder('other.txt'), '--json', inFolder('other.json'), ...binary)
    expect(await readFile(inFolder('other.json'), 'utf8')).toBe(bytes)
  })
  it('from Parquet as from CSV', async () => {
    const columns = drawn({ n: 2500 })
    const { bytes } = await judge(columns, ...binary, '--segments', 'job')
    await writeParquet(inFolder('data.parquet'), shuffled(columns, makeRng(5)), 700)
    const args = ['--data', inFolder('data.parquet'), '--json', inFolder('parquet.json'), '--segments', 'job']
    await run(...args, ...binary)
    expect(await readFile(inFolder('parquet.json'), 'utf8')).toBe(bytes)
  })
  it('and another seed other draws', async () => {
    const columns = drawn({ n: 300 })
    const { report } = await judge(columns, ...binary)
    const other = await judge(columns, ...binary, '--seed', '7')
    expect([report.recorded?.seed, other.report.recorded?.seed]).toEqual([0, 7])
    expect(other.report.gate).toEqual(report.gate)
    expect(other.bytes).not.toBe(
      JSON.stringify({ ...report, recorded: { ...report.recorded, seed: 7 } }, null, 2) + '\n',
    )
  })
})

describe('what is judged', () => {
  it('several classes, by one column each', async () => {
    const { code, report } = await judge(threeClasses(6000, { old: 0.8, new: 0.81 }), ...ofAnimals)
    expect([code, report.verdict]).toEqual([0, 'PASS'])
    expect(report.recorded).toEqual({
      candidate: 'prefix:new_',
      champion: 'prefix:old_',
      anchor: null,
      label: 'animal',
      classes: ['cat', 'dog', 'eel'],
      numRows: 6000,
      sets: { evaluation: 6000, calibration: 0, gate: 6000 },
      split: 'none',
      leftOut: [],
      seed: 0,
    })
    expect(report.checks.map(({ check, rows }) => rows[0]?.metric ?? check)).not.toContain('AUC against champion')
    expect((await judge(threeClasses(3000, { old: 0.8, new: 0.7 }), ...ofAnimals)).code).toBe(3)
  })
  it('numbers as anyone would count them', async () => {
    // 10 rows; the candidate is right on 7: P(yes) ≥ .5 where the label is yes, under it where it is no.
    const columns = {
      y: ['yes', 'yes', 'yes', 'yes', 'no', 'no', 'no', 'no', 'no', 'no'],
      new: [0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.9],
    }
    const { report } = await judge(columns, '--label', 'y', '--positive', 'yes', '--candidate', 'new', '--first')
    // Seven times −ln .9, three times −ln .1: (.7375 + 6.9078) / 10.
    expect(report.gate).toEqual({ numExamples: 10, accuracy: 0.7, logLoss: expect.closeTo(0.764528, 5) })
  })
  it('quoted names and cells, and labels with spaces', async () => {
    const of = drawn({ n: 300 })
    const columns = {
      'the "truth", as known': of['label']!.map((label) => (label === 1 ? 'paid back, in time' : 'not "paid"')),
      'model, old': of['p_old']!,
      'model, new': of['p_new']!,
      town: of['job']!.map((job) => `St. ${job}, "upper"`),
    }
    const names = ['--label', 'the "truth", as known', '--champion', 'model, old', '--candidate', 'model, new']
    const { code, report } = await judge(columns, ...names, '--positive', 'paid back, in time', '--segments', 'town')
    expect(code).toBe(2)
    expect(report.recorded?.classes).toEqual(['not "paid"', 'paid back, in time'])
    const { rows } = report.checks.find(({ check }) => check === 'segments')!
    expect(rows.map(({ segment }) => segment)).toContain('town=St. a, "upper"')
  })
  it('one class only: what cannot be told is said so, and no NaN', async () => {
    const of = drawn({ n: 400 })
    const { report } = await judge({ ...of, label: of['label']!.map(() => 1) }, ...binary, '--id', 'id')
    const rows = report.checks.flatMap((check) => check.rows)
    const verdictOf = (name: string) => rows.find(({ metric }) => metric === name)?.verdict
    expect(verdictOf('AUC against champion')).toBe('NOT_ENOUGH_DATA')
    expect(verdictOf('classes in the gate set')).toBe('WARN')
    expect(report.recorded?.classes).toEqual(['not 1', '1'])
  })
  it('the checks of a gate file, and no others', async () => {
    const gate = { checks: [{ name: 'floor', metric: 'accuracy', min: 0.99 }, { name: 'determinism' }] }
    await writeFile(inFolder('gate.json'), JSON.stringify(gate))
    const { code, report } = await judge(drawn({ n: 500 }), ...binary, '--config', inFolder('gate.json'))
    expect(code).toBe(3)
    expect(report.checks.map(({ check, verdict }) => [check, verdict])).toEqual([
      ['integrity', 'PASS'],
      ['floor', 'BLOCK'],
      ['determinism', 'NOT_APPLICABLE'],
    ])
  })
  it('an anchor, and clients whose examples are drawn together', async () => {
    const args = [...binary, '--anchor', 'p_old', '--client', 'client']
    const { report } = await judge(drawn({ n: 3000 }), ...args)
    const rows = report.checks.flatMap((check) => check.rows)
    expect(rows.find(({ metric }) => metric === 'log loss against anchor')?.test).toMatch(/of clients/)
  })
})

describe('what it cannot do, it says, and what to do instead', () => {
  const good = drawn({ n: 20 })
  it.each([
    ['an unknown column lists the columns', good, ['--label', 'truth'], /unknown-column: .*truth[^]* {2}job\n/],
    ['a probability over 1', { ...good, p_new: good['p_new']!.with(4, 1.7) }, [], /not-a-probability: row 6: .*"1\.7"/],
    ['NaN', { ...good, p_old: good['p_old']!.with(0, 'NaN') }, [], /not-a-probability: row 2: p_old is "NaN"/],
    ['an id twice', { ...good, id: good['id']!.with(9, 'row-3') }, ['--id', 'id'], /duplicate-id: row 11: .*row 5/],
    ['an unknown label', { ...good, label: good['label']!.with(2, 'x') }, [], /bad-argument: --positive is missing/],
    ['a missing label', { ...good, label: good['label']!.with(2, '') }, [], /missing-value: row 4: label is empty/],
    ['no rows', Object.fromEntries(Object.keys(good).map((name) => [name, []])), [], /empty-file/],
    ['a seed that is none', good, ['--seed', '-1'], /bad-argument: --seed -1: a whole number/],
    ['a share that is none', good, ['--calibration', '2'], /bad-argument: --calibration 2/],
    ['two ways to split', good, ['--calibration', '0.2', '--split', 'job'], /bad-argument: --split and --calibration/],
    ['a champion and none', good, ['--first'], /bad-argument: --champion and --first/],
    ['a name that is none', good, ['--name', 'My Model'], /bad-argument: --name/],
    ['an option that there is not', good, ['--frobnicate'], /bad-argument: unknown option '--frobnicate'/],
    ['an argument too many', good, ['more'], /bad-argument: too many arguments/],
    ['a gate file that is not there', good, ['--config', 'nowhere.json'], /unreadable-file: nowhere\.json/],
    ['a report that cannot be written', good, ['--json', '/nowhere/report.json'], /unwritable-file: /],
    ['a page that cannot be written', good, ['--html', '/nowhere/report.html'], /unwritable-file: /],
  ])('%s', async (_, columns, args, words) => {
    await writeCsv(inFolder('bad.csv'), columns)
    const { code, out, err } = await run('--data', inFolder('bad.csv'), ...binary, ...args)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(words)
    expect(err).toMatch(/^panal: /)
  })
  it('rows that do not sum to 1, with the first', async () => {
    const animals = threeClasses(20, { old: 0.8, new: 0.8 })
    await writeCsv(inFolder('bad.csv'), { ...animals, new_dog: animals['new_dog']!.with(3, 0.5) })
    const { code, err } = await run('--data', inFolder('bad.csv'), ...ofAnimals)
    expect([code, err]).toEqual([1, expect.stringMatching(/sum-not-one: row 5: .*--candidate sum to (0\.7|1\.4)0000/)])
  })
  it('labels that are none of the columns', async () => {
    const animals = threeClasses(20, { old: 0.8, new: 0.8 })
    await writeCsv(inFolder('bad.csv'), { ...animals, animal: animals['animal']!.with(3, 'fox') })
    const { code, err } = await run('--data', inFolder('bad.csv'), ...ofAnimals)
    expect([code, err]).toEqual([1, expect.stringMatching(/unknown-label: row 5: animal is "fox"[^]*cat\n {2}dog/)])
  })
  it.each([
    ['--data', ['--label', 'y']],
    ['--label', ['--data', 'x.csv']],
    ['--champion', ['--data', 'x.csv', '--label', 'y', '--candidate', 'p']],
    ['--candidate', ['--data', 'x.csv', '--label', 'y', '--champion', 'p']],
  ])('%s left out', async (option, args) => {
    const { code, err } = await run(...args)
    expect([code, err]).toEqual([1, expect.stringMatching(`bad-argument: ${option}.* is missing`)])
  })
  it.each([
    ['no JSON', '{', /invalid-gate: .*no JSON/],
    ['no checks', '{}', /invalid-gate: [^]*\/checks: is missing/],
    ['an unknown check', '{"checks":[{"name":"luck"}]}', /invalid-gate: [^]*\/checks\/0\/name: must be/],
    ['a misplaced setting', '{"checks":[{"name":"pin","min":1}]}', /\/checks\/0\/min: is not known here/],
    ['the same check twice', '{"checks":[{"name":"baselines"},{"name":"baselines"}]}', /\/checks\/1\/name: repeats/],
  ])('a gate file with %s', async (_, content, words) => {
    await writeFile(inFolder('gate.json'), content)
    await writeCsv(inFolder('good.csv'), good)
    const { code, err } = await run('--data', inFolder('good.csv'), ...binary, '--config', inFolder('gate.json'))
    expect([code, err]).toEqual([1, expect.stringMatching(words)])
  })
})

it('--html writes the report as a page, which has no script', async () => {
  const html = inFolder('report.html')
  await judge(
    without(drawn({ n: 2000, noiseInB: 2.5 }), 'client'),
    ...binary,
    '--id',
    'id',
    '--segments',
    'job',
    '--html',
    html,
  )
  const page = await readFile(html, 'utf8')
  expect(page).toMatch(
    /^<!doctype html>[^]*<h1>Recorded predictions p_new<\/h1>[^]*Blocked: it must not be served[^]*job=b/,
  )
  expect(page).not.toContain('<script')
})

it('--schema prints the schema of a report, and wants nothing else', async () => {
  const { code, out } = await run('--schema')
  expect([code, JSON.parse(out)]).toEqual([0, JSON.parse(JSON.stringify(GateReportSchema))])
})

it('tells how far it is where there is much to do, on standard error', async () => {
  const columns = without(drawn({ n: 40_000 }), 'client')
  const { code, err } = await judge(columns, ...binary, '--id', 'id')
  expect(code).toBe(0)
  expect(err).toMatch(/^checking: integrity, 1 of (\d+)\nchecking: pin, 2 of \1\n[^]*checking: .*, \1 of \1\n$/)
})
