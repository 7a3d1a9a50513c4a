import { expect, it } from '@jest/globals'
import { makeRng, readTable, type Rng, type TableSchema } from '@panal/client-core'
import { TaskStore, type TaskDocument } from '@panal/server'
import { parseTaskDocument } from '../../server/src/registry/parse-task.ts'
import { peopleIn } from '../fixtures/stored-people.ts'
import { useTempStore } from '../fixtures/temp-store.ts'
import { readTracked } from './tracked-files.ts'

const store = useTempStore()
const { stored } = peopleIn(store)
const page = readTracked('docs/tasks.md')
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)![1]!
const document = JSON.parse(block('json')) as TaskDocument & { readonly data: TableSchema }

it('the task document of docs/tasks.md is one, and its table is read by it', () => {
  expect(parseTaskDocument(document)).toMatchObject({ ok: true })
  expect(readTable(block('csv'), document.data).numExamples).toBe(3)
})

/** Rows as its schema expects them: whole numbers, and a tenth of all values missing. */
function randomTable({ columns, label, classes }: TableSchema, numRows: number, rng: Rng): string {
  const anyOf = (values: readonly string[]) => values[Math.floor(rng.uniform() * values.length)]!
  const lines = Array.from({ length: numRows }, () => [
    ...columns.map((column) => {
      if (rng.uniform() < 0.1) return ''
      return column.kind === 'numeric' ? Math.round(column.mean + column.std * rng.normal()) : anyOf(column.values)
    }),
    anyOf(classes),
  ])
  return [[...columns.map(({ name }) => name), label.column], ...lines].map((cells) => `${cells.join(',')}\n`).join('')
}

it('a task of docs/tasks.md can be made of random rows: its columns tell them apart', async () => {
  const set = (name: string) => stored(randomTable(document.data, 1000, makeRng(name)), 'dataset')
  const sets = { evaluation: await set('evaluation'), calibration: await set('calibration'), gate: await set('gate') }
  const tasks = await TaskStore.load(store)
  await expect(tasks.create({ ...document, sets }, 'ada')).resolves.toMatchObject({ task: { id: 'loans' } })
  // age and job alone do not
  const columns = document.data.columns.filter(({ name }) => name === 'age' || name === 'job')
  const narrow = tasks.create({ ...document, id: 'narrow', data: { ...document.data, columns }, sets }, 'ada')
  await expect(narrow).rejects.toMatchObject({
    code: 'invalid-dataset',
    extra: { errors: [{ path: '/sets/calibration' }, { path: '/sets/gate' }, { path: '/sets/gate' }] },
  })
  await expect(narrow).rejects.toHaveProperty(
    'extra.errors.0.message',
    expect.stringMatching(/of its \d+ distinct examples are in \/sets\/evaluation as well: put rows that are alike /),
  )
})
